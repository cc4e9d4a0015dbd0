import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';

const MARKUP = 'Text from outside must stay text: let React write it.';

/** Ways for text that people or models wrote to become markup or code. */
const markup = [
  "JSXAttribute[name.name='dangerouslySetInnerHTML']",
  "Property[key.name='dangerouslySetInnerHTML']",
  "Property[key.value='dangerouslySetInnerHTML']",
  'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML|srcdoc)$/]',
  'CallExpression[callee.property.name=/^(insertAdjacentHTML|parseFromString)$/]',
  'CallExpression[callee.object.name="document"][callee.property.name=/^write(ln)?$/]',
  'CallExpression[callee.property.name="createContextualFragment"]',
  'JSXAttribute[name.name="srcDoc"]',
].map((selector) => ({ selector, message: MARKUP }));

/** In JSX attributes, in template literals, in any case and with blanks inside. */
const scripts = ['Literal[value=/^\\s*j\\s*a\\s*v\\s*a\\s*script\\s*:/i]']
  .concat('TemplateElement[value.raw=/^\\s*javascript\\s*:/i]')
  .map((selector) => ({ selector, message: 'No script addresses.' }));

export default [
  { files: ['**/*.{js,jsx}'] }, // .jsx is not among what ESLint looks at by itself
  { ignores: ['node_modules/', 'screenshots/', 'tests/fixtures/'] },
  js.configs.recommended,
  jsxA11y.flatConfigs.recommended,
  reactHooks.configs.flat['recommended-latest'],
  {
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: 'module',
      parserOptions: { ecmaFeatures: { jsx: true } },
      globals: globals.browser,
    },
    rules: {
      'no-restricted-syntax': ['error', ...markup, ...scripts],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Only api.js asks the server.' },
        { name: 'XMLHttpRequest', message: 'Only api.js asks the server.' },
      ],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      // A box that scrolls must be reachable by keyboard.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { roles: ['region', 'tabpanel'], tags: [] }],
    },
  },
  { files: ['src/api.js'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['public/*.js'], languageOptions: { sourceType: 'script' } },
  {
    files: ['*.js', 'scripts/**', 'tests/**', 'e2e/**'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { 'no-restricted-globals': 'off', 'max-lines-per-function': 'off' },
  },
];
