import { Component } from 'react';
import { PartMissing } from '../lazyPart.js';
import { ErrorNotice } from './ErrorNotice.jsx';

/** Our own mistake in one part of the page: it is said, and the rest goes on. */
export class ErrorBoundary extends Component {
  state = { error: null };

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const missing = error instanceof PartMissing;
    return (
      <ErrorNotice
        title={missing ? 'This part of the page did not come' : 'This part of the page failed'}
        error={error}
        onRetry={missing ? () => location.reload() : () => this.setState({ error: null })}
      />
    );
  }
}
