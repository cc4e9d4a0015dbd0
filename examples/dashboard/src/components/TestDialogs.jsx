import { useState } from 'react';
import * as api from '../api.js';
import { sentence } from '../experiment/numbers.js';
import { isOff } from '../experiment/view.js';
import { promotionOf } from '../experiment/verdict.js';
import { RULES } from '../experiment/words.js';
import { ConfirmDialog } from './ConfirmDialog.jsx';

const NOTHING = [];

/**
 * Looks at a test, which may end it.
 *
 * @param {{view: object, onDone: (said: string) => void, onClose: () => void}} props
 *   onDone: gets the sentence of the look
 */
export function LookDialog({ view, onDone, onClose }) {
  const [promote, setPromote] = useState(true);
  const { test } = view;
  const look = async () => {
    const found = await api.decideAbTest(test.test_id, { promote });
    const said = found.receipt?.sentence;
    onDone(said ? sentence(said) : `The look says: ${found.status}.`);
  };
  return (
    <ConfirmDialog
      title={`Look at test ${test.test_id} now`}
      confirm="Look now"
      asks={NOTHING}
      onConfirm={look}
      onClose={onClose}
      extra={
        <label className="confirm-check">
          <input type="checkbox" checked={promote} onChange={() => setPromote(!promote)} />
          <span>Promote the winner at once, if it deserves it</span>
        </label>
      }
    >
      <p>{RULES[test.rule].look}</p>
      <p>
        What you see on this page decides nothing. A look does: it stores everything that was
        logged, decides by the rule, and keeps the evidence.
      </p>
    </ConfirmDialog>
  );
}

/** What promoting by hand does to everything else. */
function Consequences({ view, version, serving }) {
  const others = view.arms.filter(
    (arm) => arm.version !== version && arm.version !== serving && !isOff(arm),
  );
  return (
    <ul>
      <li>
        {version} is served to everybody{serving && `, ${serving} is archived`}.
      </li>
      {view.phase === 'running' && (
        <li>
          Test {view.test.test_id} is stopped
          {others.length > 0 && ` and ${others.map((arm) => arm.version).join(', ')} archived`}.
        </li>
      )}
      <li>A rollback brings the champion before it back at any time.</li>
    </ul>
  );
}

/**
 * Promotes a variant by hand, and names what that goes against.
 *
 * @param {{view: object, version: string, serving: string|null,
 *   onDone: (said: string) => void, onClose: () => void}} props
 */
export function PromoteDialog({ view, version, serving, onDone, onClose }) {
  const { state, reasons } = promotionOf(view, version, serving);
  const against = state === 'override';
  const promote = async (said) => {
    const { champion } = await api.promoteVariant(view.test.test_id, { version, ...said });
    onDone(`${champion} is the champion of ${view.test.signal} now.`);
  };
  return (
    <ConfirmDialog
      title={`Promote ${version} for ${view.test.signal}${against ? ', against the test' : ''}`}
      confirm={against ? `Promote ${version} all the same` : `Promote ${version}`}
      danger={against}
      onConfirm={promote}
      onClose={onClose}
    >
      {against && (
        <div className="notice warn">
          <div>
            <strong>This goes against what the test says</strong>
            {reasons.join(' ')} It is kept in the history, with what the test said.
          </div>
        </div>
      )}
      <Consequences view={view} version={version} serving={serving} />
    </ConfirmDialog>
  );
}

/** @param {{view: object, onDone: (said: string) => void, onClose: () => void}} props */
export function StopDialog({ view, onDone, onClose }) {
  const { test } = view;
  const stop = async (said) => {
    await api.stopAbTest(test.test_id, said);
    onDone(`Test ${test.test_id} was stopped.`);
  };
  return (
    <ConfirmDialog
      title={`Stop test ${test.test_id} for ${test.signal}`}
      confirm="Stop the test"
      danger
      onConfirm={stop}
      onClose={onClose}
    >
      <p>
        It ends without a verdict and cannot be gone on with. {view.champion.version} serves
        everybody; the votes are kept.
      </p>
    </ConfirmDialog>
  );
}

/**
 * @param {{view: object, serving: string, previous: string,
 *   onDone: (said: string) => void, onClose: () => void}} props
 *   serving: the champion now; previous: the one before it, which comes back
 */
export function RollbackDialog({ view, serving, previous, onDone, onClose }) {
  const { test } = view;
  const back = async (said) => {
    const { champion } = await api.rollback(test.test_id, said);
    onDone(`${champion} is the champion of ${test.signal} again.`);
  };
  return (
    <ConfirmDialog
      title={`Roll ${test.signal} back to ${previous}`}
      confirm={`Roll back to ${previous}`}
      danger
      onConfirm={back}
      onClose={onClose}
    >
      <ul>
        <li>
          {previous} is served to everybody again, in place of {serving}.
        </li>
        {view.phase === 'running' && <li>Test {test.test_id} is stopped without a verdict.</li>}
      </ul>
    </ConfirmDialog>
  );
}

/** @param {{draft: object, onDone: (said: string) => void, onClose: () => void}} props */
export function ApproveDialog({ draft, onDone, onClose }) {
  const approve = async (said) => {
    await api.approveVariant(draft.signal, draft.version, said);
    onDone(`${draft.version} may be tested now.`);
  };
  return (
    <ConfirmDialog
      title={`Approve ${draft.version} for ${draft.signal}`}
      confirm={`Approve ${draft.version}`}
      onConfirm={approve}
      onClose={onClose}
    >
      <p>
        You say that you have read it. It serves nobody yet: it may be an arm of the next test,
        where readers get it.
      </p>
    </ConfirmDialog>
  );
}

/** @param {{draft: object, onDone: (said: string) => void, onClose: () => void}} props */
export function ArchiveDialog({ draft, onDone, onClose }) {
  const archive = async (said) => {
    await api.archiveVariant(draft.signal, draft.version, said);
    onDone(`${draft.version} was archived.`);
  };
  return (
    <ConfirmDialog
      title={`Archive ${draft.version} of ${draft.signal}`}
      confirm={`Archive ${draft.version}`}
      danger
      onConfirm={archive}
      onClose={onClose}
    >
      <p>It is not tested any more. Its text is kept, so that no model writes it again.</p>
    </ConfirmDialog>
  );
}
