import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { readmeExample } from './tests/readme.js';

// `npm run dev` serves the pages and asks a server at this address for the rest.
const server = process.env.LLMLEARN_SERVER_URL ?? 'http://127.0.0.1:8080';

/** Beside each file the same by gzip, which the server sends to browsers that take it. */
const packed = {
  name: 'packed',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    for (const name of Object.keys(bundle)) {
      const file = join(dir, name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [react(), packed],
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/healthz', '/openapi.json'].map((path) => [path, { target: server }]),
    ),
  },
  build: {
    outDir: process.env.LLMLEARN_DASHBOARD_OUT ?? '../../build/dashboard',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the server's policy allows no data: addresses
    target: ['chrome123', 'firefox128', 'safari17.5'], // these know light-dark()
    rolldownOptions: {
      checks: { pluginTimings: false }, // says so on any slow machine
      output: {
        // Recharts and what it brings is loaded when a chart is first shown.
        codeSplitting: {
          groups: [
            {
              name: 'react',
              test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/,
              priority: 2,
            },
            { name: 'charts', test: /node_modules/, priority: 1 },
          ],
        },
      },
    },
  },
  test: {
    testTimeout: 30_000, // for a hung test; a busy machine must not fail one
    restoreMocks: true,
    projects: [
      {
        extends: true,
        plugins: [readmeExample],
        test: {
          name: 'pages',
          include: ['tests/**/*.test.{js,jsx}'],
          exclude: ['tests/files/**'],
          environment: 'jsdom',
          setupFiles: ['tests/setup.js'],
          css: false,
        },
      },
      { extends: true, test: { name: 'files', include: ['tests/files/*.test.js'] } },
    ],
  },
});
