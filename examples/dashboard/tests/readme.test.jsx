import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Signal } from 'virtual:readme-example';
import { expect, it } from 'vitest';
import { anExplanation } from './explanation.js';
import { ok, serve } from './server.js';

it('the example in README works as it stands', async () => {
  const { asked } = serve({
    'GET /api/explanations/7': anExplanation({ id: '7' }),
    'POST /api/feedback/7': () => ok({ received: true }),
  });
  render(<Signal id="7" />);
  await userEvent.click(await screen.findByRole('button', { name: 'Helpful' }));
  expect(await screen.findByText('Thanks for your feedback.')).toBeVisible();
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'POST']);
});
