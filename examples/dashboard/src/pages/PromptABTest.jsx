import { useCallback } from 'react';
import { getAbTests } from '../api.js';
import { Freshness } from '../components/Freshness.jsx';
import { ResourceView } from '../components/ResourceView.jsx';
import { useResource } from '../useResource.js';

/** The tests of prompts, newest first. */
export default function PromptABTest() {
  const load = useCallback((signal) => getAbTests({}, signal), []);
  const tests = useResource(load);
  return (
    <>
      <header className="page-head">
        <h1>A/B tests</h1>
        <Freshness resource={tests} asOf={tests.data?.as_of} />
      </header>
      <ResourceView resource={tests}>
        {({ tests: list }) => (
          <ul>
            {list.map((test) => (
              <li key={test.test_id}>
                {test.signal}, {test.status}, {test.arms.length} arms
              </li>
            ))}
          </ul>
        )}
      </ResourceView>
    </>
  );
}
