import { Component } from 'react';
import { ErrorNotice } from './ErrorNotice.jsx';

/** Our own mistake in one part of the page: it is said, and the rest goes on. */
export class ErrorBoundary extends Component {
  state = { error: null };

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    if (!this.state.error) return this.props.children;
    return (
      <ErrorNotice
        title="This part of the page failed"
        error={this.state.error}
        onRetry={() => this.setState({ error: null })}
      />
    );
  }
}
