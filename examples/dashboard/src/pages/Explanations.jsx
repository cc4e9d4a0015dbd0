import { listExplanations } from '../api.js';
import { ResourceView } from '../components/ResourceView.jsx';
import { useResource } from '../useResource.js';

/** The latest explanations. */
export function Explanations() {
  const latest = useResource((signal) => listExplanations({ limit: 20 }, signal));
  return (
    <>
      <header className="page-head">
        <h1>Explanations</h1>
      </header>
      <ResourceView resource={latest}>
        {({ explanations }) => (
          <ul>
            {explanations.map((one) => (
              <li key={one.id}>{one.text}</li>
            ))}
          </ul>
        )}
      </ResourceView>
    </>
  );
}
