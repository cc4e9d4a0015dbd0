/** Makes the example of README a module, as if it were a file in src. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const FILE = resolve('src/readme-example.jsx');

export const readmeExample = {
  name: 'readme-example',
  resolveId: (id) => (id === 'virtual:readme-example' ? FILE : null),
  load: (id) =>
    id === FILE ? readFileSync('README.md', 'utf8').match(/```jsx\n([^]*?)```/)[1] : null,
};
