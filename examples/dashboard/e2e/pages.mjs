// Every page there is, as a visitor finds it.
export const PAGES = [
  { name: 'explanations', path: '/' },
  { name: 'analytics', path: '/analytics', admin: true },
  { name: 'A/B tests', path: '/ab-tests', admin: true },
  { name: 'sign in', path: '/analytics' },
  { name: 'no such page', path: '/nowhere' },
];
