/** An explanation as GET /api/explanations gives it. */
export const anExplanation = (more = {}) => ({
  id: '0194f1a2-0000-7000-8000-000000000001',
  created_at: '2026-11-27T09:00:52.000000Z',
  ticker: 'AAPL',
  signal: 'BUY',
  text: 'It has closed above its average for three weeks.',
  version: 'v1.1',
  model: 'stand-in',
  confidence: 0.84,
  cached: false,
  fallback: false,
  positive: 6,
  negative: 2,
  mine: null,
  feedback_token: 'token-1',
  ...more,
});
