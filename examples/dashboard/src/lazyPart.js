import { lazy } from 'react';

/** Its code did not come: the server is gone, or has a newer dashboard with other files. */
export class PartMissing extends Error {
  constructor(cause) {
    super('The server cannot be reached, or has a newer version of this page by now.', { cause });
    this.name = 'PartMissing';
  }
}

/** As React.lazy. What failed once fails for good there, so ErrorBoundary loads the page anew. */
export const lazyPart = (load) =>
  lazy(async () => {
    try {
      return await load();
    } catch (error) {
      throw new PartMissing(error);
    }
  });
