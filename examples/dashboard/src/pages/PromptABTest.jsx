import { useEffect, useRef, useState } from 'react';
import { getAbTests, getAbTestSeries, getDecisions, getVariants, startAbTest } from '../api.js';
import { AllocationBar } from '../components/AllocationBar.jsx';
import { DecisionHistory } from '../components/DecisionHistory.jsx';
import { DraftList } from '../components/DraftList.jsx';
import { EmptyState } from '../components/EmptyState.jsx';
import { ErrorBoundary } from '../components/ErrorBoundary.jsx';
import { FindingList } from '../components/FindingList.jsx';
import { Freshness } from '../components/Freshness.jsx';
import { GuardrailList } from '../components/GuardrailList.jsx';
import { LiftSparkline, liftRange } from '../components/LiftSparkline.jsx';
import { PromptDiff } from '../components/PromptDiff.jsx';
import { ResourceView } from '../components/ResourceView.jsx';
import { RuleOpinions } from '../components/RuleOpinions.jsx';
import { SampleProgress } from '../components/SampleProgress.jsx';
import { SignalPicker } from '../components/SignalPicker.jsx';
import { Skeleton } from '../components/Skeleton.jsx';
import { StartTestForm } from '../components/StartTestForm.jsx';
import {
  ApproveDialog,
  ArchiveDialog,
  LookDialog,
  PromoteDialog,
  RollbackDialog,
  StopDialog,
} from '../components/TestDialogs.jsx';
import { testName, VerdictPanel } from '../components/VerdictPanel.jsx';
import { VariantTable } from '../components/VariantTable.jsx';
import { championOf, draftsOf, previousChampion, signalsOf, viewOf } from '../experiment/view.js';
import { headlineOf, promotionOf } from '../experiment/verdict.js';
import { day } from '../format.js';
import { useParam } from '../router.jsx';
import { useResource } from '../useResource.js';
import './PromptABTest.css';

const TESTS_MAX = 200;
const DECISIONS_MAX = 200;
const VARIANTS_MAX = 500;

async function loadAll(signal) {
  const [report, variants, decisions] = await Promise.all([
    getAbTests({ limit: TESTS_MAX }, signal),
    getVariants({ limit: VARIANTS_MAX }, signal),
    getDecisions({ limit: DECISIONS_MAX }, signal),
  ]);
  return { report, variants: variants.variants, decisions: decisions.decisions };
}

/** Tests of prompts: what is tested, who leads, how sure that is, and what to do. */
export default function PromptABTest() {
  const all = useResource(loadAll);
  const signals = all.data ? signalsOf(all.data.report, all.data.variants) : [];
  const [chosen, setSignal] = useChosen(signals);
  return (
    <>
      <header className="page-head">
        <div>
          <h1>A/B tests</h1>
          <p>Which prompt do readers find more helpful? One signal at a time.</p>
        </div>
        <Freshness resource={all} asOf={all.data?.report.as_of} />
      </header>
      <ResourceView
        resource={all}
        skeleton={<Skeleton label="Loading the tests" rows={5} height={64} />}
      >
        {(data) =>
          chosen === undefined ? (
            <NoTests />
          ) : (
            <div className="stack">
              <SignalPicker {...data} signals={signals} value={chosen} onChange={setSignal} />
              <Signal key={chosen} signal={chosen} data={data} onChanged={all.refresh} />
            </div>
          )
        }
      </ResourceView>
    </>
  );
}

/** The signal of the address, else the first, which stays when another comes first later. */
function useChosen(signals) {
  const [wanted, setWanted] = useParam('signal');
  const [first, setFirst] = useState(null);
  if (first === null && signals.length > 0) setFirst(signals[0]);
  const chosen = [wanted, first, ...signals].find((one) => signals.includes(one));
  return [chosen, setWanted];
}

function NoTests() {
  return (
    <EmptyState title="No test yet">
      Your application adds prompts of a signal, by llmlearn_add_variant or POST
      /api/admin/variants, and makes one the champion. Then you can start a test of them here, and
      see which of them readers find helpful, and how sure that is.
    </EmptyState>
  );
}

/** Decisions of one signal reach further back than those of all together. */
function useHistory(signal, data) {
  const history = useResource((abort) => getDecisions({ signal, limit: DECISIONS_MAX }, abort), {
    key: `${signal} ${data.report.as_of}`,
  });
  const recent = data.decisions.filter((one) => one.signal === signal);
  return history.data?.decisions ?? recent;
}

function Signal({ signal, data, onChanged }) {
  const [dialog, setDialog] = useState(null);
  const [said, setSaid] = useState(null);
  const decisions = useHistory(signal, data);
  const tests = data.report.tests.filter((test) => test.signal === signal);
  const variants = data.variants.filter((one) => one.signal === signal);
  const [wanted, setWanted] = useParam('test');
  const test = tests.find((one) => String(one.test_id) === wanted) ?? tests[0] ?? null;
  const context = {
    signal,
    variants,
    decisions,
    serving: championOf(data.report, signal)?.version ?? null,
    view: test && viewOf(test, decisions),
    running: tests.some((one) => one.status === 'running'),
    // As it is now: what a dialog asks about must not change under who reads it.
    ask: (what) => setDialog({ what, context }),
  };
  const done = (sentence) => {
    setSaid({ sentence });
    onChanged();
  };
  return (
    <>
      <Said said={said} />
      <TestBar tests={tests} test={test} onChoose={setWanted} context={context} />
      {test ? <Test context={context} /> : <NoTestOf context={context} />}
      <Drafts context={context} />
      <Panel title="History" note="Never rewritten. Who, when, why, and the evidence.">
        <DecisionHistory decisions={decisions} />
      </Panel>
      {dialog && <Dialog {...dialog} onDone={done} onClose={() => setDialog(null)} />}
    </>
  );
}

/** What came of the last thing done; the focus goes there, for its button may be gone. */
function Said({ said }) {
  const place = useRef(null);
  useEffect(() => {
    if (said) place.current.focus();
  }, [said]);
  return (
    <div role="status" className="test-said" tabIndex={-1} ref={place}>
      {said && <p className="notice">{said.sentence}</p>}
    </div>
  );
}

function testLabel(test) {
  const ended = test.ended_at ? `${test.status} ${day(test.ended_at)}` : 'running';
  return `Test ${test.test_id}, ${ended}: ${testName(test).replace(`${test.signal}: `, '')}`;
}

/** Which of the signal's tests is looked at, and a button for the next. */
function TestBar({ tests, test, onChoose, context: { serving, running, ask } }) {
  return (
    <div className="toolbar test-bar">
      {tests.length > 1 && (
        <label className="test-choice">
          <span className="visually-hidden">Test</span>
          <select
            className="input"
            value={test.test_id}
            onChange={(event) => onChoose(event.target.value)}
          >
            {tests.map((one) => (
              <option key={one.test_id} value={one.test_id}>
                {testLabel(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      {serving && !running && (
        <button type="button" className="button" onClick={() => ask({ kind: 'start' })}>
          Start a test…
        </button>
      )}
    </div>
  );
}

function NoTestOf({ context: { signal, serving } }) {
  return (
    <EmptyState title={`No test of ${signal} yet`}>
      {serving ? `${serving} serves everybody. ` : ''}Start a test of it against another prompt to
      see which of them readers find helpful.
    </EmptyState>
  );
}

function Panel({ title, note, children, flush = false }) {
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        {note && <p>{note}</p>}
      </div>
      <div className={flush ? 'panel-flush' : 'panel-body'}>
        <ErrorBoundary>{children}</ErrorBoundary>
      </div>
    </section>
  );
}

/** Everything about one test, from the verdict down to the texts. */
function Test({ context }) {
  const { view, serving, ask } = context;
  return (
    <>
      <VerdictPanel view={view}>
        <Actions context={context} />
      </VerdictPanel>
      <Panel title="Arms" note={`Against ${view.champion.version}, by first votes`} flush>
        <VariantTable
          view={view}
          action={(arm) => <RowAction arm={arm} view={view} serving={serving} ask={ask} />}
        />
      </Panel>
      <div className="test-columns">
        <div className="stack">
          <Panel title="Progress">
            <SampleProgress view={view} />
          </Panel>
          <Panel title="By each rule">
            <RuleOpinions view={view} />
          </Panel>
        </div>
        <div className="stack">
          <Panel title="What speaks against it">
            <FindingList view={view} serving={serving} />
          </Panel>
          <Panel title="Readers" note="Planned against observed">
            <AllocationBar arms={view.arms} evidence={view.evidence} />
          </Panel>
        </div>
      </div>
      <Panel title="Guardrails" note="What must not get worse for more votes" flush>
        <GuardrailList arms={[view.champion, ...view.variants]} />
      </Panel>
      <Lift view={view} />
      <Texts key={view.test.test_id} context={context} />
    </>
  );
}

function Actions({ context: { view, serving, decisions, ask } }) {
  const { phase, verdict } = view;
  const previous = previousChampion(decisions);
  const running = phase === 'running';
  const winner = verdict?.winner;
  const waits = view.waits && winner !== serving;
  const { state } = waits ? promotionOf(view, winner, serving) : {};
  const { act } = headlineOf(view);
  return (
    <>
      {running && (
        <button
          type="button"
          className={`button ${act === 'look' ? 'primary' : ''}`}
          onClick={() => ask({ kind: 'look' })}
        >
          Look now…
        </button>
      )}
      {waits && (
        <button
          type="button"
          className={`button ${state === 'deserved' ? 'primary' : ''}`}
          onClick={() => ask({ kind: 'promote', version: winner })}
        >
          Promote {winner}…
        </button>
      )}
      {running && (
        <button
          type="button"
          className={`button ${act === 'stop' ? 'primary' : ''}`}
          onClick={() => ask({ kind: 'stop' })}
        >
          Stop…
        </button>
      )}
      {previous && (
        <button
          type="button"
          className="button"
          onClick={() => ask({ kind: 'rollback', previous })}
        >
          Roll back to {previous}…
        </button>
      )}
    </>
  );
}

/** Promoting by hand is always possible; where it goes against the test the dialog says so. */
function RowAction({ arm, view, serving, ask }) {
  if (arm.version === serving) return arm.champion ? null : <small>champion now</small>;
  const { state, reasons } = promotionOf(view, arm.version, serving);
  return (
    <button
      type="button"
      className="button quiet"
      title={state === 'override' ? reasons.join(' ') : undefined}
      onClick={() => ask({ kind: 'promote', version: arm.version })}
    >
      Promote…<span className="visually-hidden"> {arm.version}</span>
    </button>
  );
}

function Lift({ view }) {
  const { test, variants } = view;
  const series = useResource((abort) => getAbTestSeries(test.test_id, abort), {
    key: String(test.test_id),
  });
  const safe =
    test.rule === 'always_valid'
      ? 'Safe to watch at any time: only the e-value decides, and it may be looked at as often as you like.'
      : 'Not to decide by: who stops when the line looks good finds winners that are none.';
  return (
    <Panel title="Lift over time" note={safe}>
      <ResourceView resource={series} skeleton={<Skeleton rows={1} height={140} />}>
        {(data) => (
          <>
            <div className="lift-grid">
              {variants.map((arm) => (
                <LiftSparkline
                  key={arm.version}
                  series={data}
                  version={arm.version}
                  liftMin={test.lift_min}
                  range={liftRange(data, test.lift_min)}
                />
              ))}
            </div>
            <p className="beneath lift-note">
              Points against {view.champion.version}, all first votes until the end of each day. The
              ribbon is the 95 % interval as if that day were the only look; the dashed line is the
              smallest lift worth finding.
            </p>
          </>
        )}
      </ResourceView>
    </Panel>
  );
}

const textOf = (variants, version) => variants.find((one) => one.version === version)?.text ?? null;

/** The prompts of the test, one of them beside the champion's. */
function Texts({ context: { view, variants } }) {
  const { champion } = view;
  const [version, setVersion] = useState(view.verdict?.winner ?? view.variants[0].version);
  const shown = view.variants.find((arm) => arm.version === version) ?? view.variants[0];
  const hypothesis =
    shown.hypothesis ?? variants.find((one) => one.version === shown.version)?.hypothesis;
  return (
    <Panel title="Prompts" note="The words that differ are marked">
      <div className="stack">
        {view.variants.length > 1 && (
          <label className="test-choice">
            <span className="visually-hidden">Variant</span>
            <select
              className="input"
              value={shown.version}
              onChange={(event) => setVersion(event.target.value)}
            >
              {view.variants.map((arm) => (
                <option key={arm.version}>{arm.version}</option>
              ))}
            </select>
          </label>
        )}
        {hypothesis && (
          <p>
            <span className="muted">Why it may be better: </span>
            {hypothesis}
          </p>
        )}
        <PromptDiff
          before={{
            version: champion.version,
            text: textOf(variants, champion.version),
            note: 'champion',
          }}
          after={{ version: shown.version, text: textOf(variants, shown.version) }}
        />
      </div>
    </Panel>
  );
}

function Drafts({ context: { variants, serving, ask } }) {
  const drafts = draftsOf(variants);
  if (!drafts.length) return null;
  return (
    <Panel
      title="Drafts that wait for you"
      note="No reader gets what a model wrote before a person has read it"
    >
      <DraftList
        drafts={drafts}
        champion={{ version: serving ?? 'no champion', text: textOf(variants, serving) }}
        onApprove={(draft) => ask({ kind: 'approve', draft })}
        onArchive={(draft) => ask({ kind: 'archive', draft })}
      />
    </Panel>
  );
}

const DIALOGS = {
  look: LookDialog,
  promote: PromoteDialog,
  stop: StopDialog,
  rollback: RollbackDialog,
  approve: ApproveDialog,
  archive: ArchiveDialog,
};

function Dialog({ what: { kind, ...rest }, context, onDone, onClose }) {
  const { signal, serving, variants, view } = context;
  if (kind === 'start') {
    const start = async (body) => {
      const { test_id: id } = await startAbTest(body);
      onDone(`Test ${id} has begun. Its plan is below, under Progress.`);
    };
    return (
      <StartTestForm
        signal={signal}
        champion={serving}
        variants={variants}
        onStart={start}
        onClose={onClose}
      />
    );
  }
  const Shown = DIALOGS[kind];
  return <Shown {...rest} view={view} serving={serving} onDone={onDone} onClose={onClose} />;
}
