import { Button, Checkbox, Group, Select, TextInput, Title } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { useFleet } from '../api/fleet-context.ts';
import { modelName } from '../fleet/select-devices.ts';
import { useServices } from '../services.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { Page } from '../shell/page.tsx';
import { navigate, rolloutPath } from '../shell/route.ts';
import { FilterField } from './filter-field.tsx';
import classes from './new-rollout-page.module.css';
import { PlanPreview } from './plan-preview.tsx';
import { PolicyFields } from './policy-fields.tsx';
import {
  EMPTY_FORM,
  findFormProblem,
  type RolloutForm,
  readCanary,
  toPlanRequest,
  toRequest,
} from './rollout-form.ts';
import page from './rollout-page.module.css';
import { createRollout, loadReleased, planRollout, type RolloutPreview } from './rollouts-api.ts';

/** A form for a rollout: what goes where, in which groups, by which policy; shown before it is made. */
export function NewRolloutPage({ mayOperate }: { readonly mayOperate: boolean }) {
  return (
    <Page title="New rollout">
      <Title order={1} size="h3">
        New rollout
      </Title>
      {mayOperate ? <Form /> : <p className={page.none}>To make a rollout needs the role operator.</p>}
    </Page>
  );
}

function Form() {
  const { api } = useServices();
  const [form, setForm] = useState(EMPTY_FORM);
  const [plan, setPlan] = useState<RolloutPreview>();
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const [isTried, setTried] = useState(false);
  const problem = findFormProblem(form);
  const change = (part: Partial<RolloutForm>): void => {
    setForm({ ...form, ...part });
    setPlan(undefined);
  };
  const ask = async (work: () => Promise<void>): Promise<void> => {
    setTried(true);
    if (problem !== undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const show = () => ask(async () => setPlan(await planRollout(api, toPlanRequest(form))));
  const create = (start: boolean) =>
    ask(async () => {
      const { id } = await createRollout(api, toRequest(form, { start, seed: plan?.seed }));
      navigate(rolloutPath(id));
    });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void show();
  };
  return (
    <form className={classes.form} onSubmit={onSubmit} noValidate>
      <TargetFields form={form} isTried={isTried} onChange={change} />
      <PolicyFields form={form} onChange={change} />
      {error && <ErrorNotice error={error} />}
      {plan && <PlanPreview plan={plan} />}
      {isTried && problem && <p role="alert">{problem}</p>}
      <Group gap="sm">
        <Button type="submit" variant="light" loading={isBusy}>
          Preview
        </Button>
        <Button loading={isBusy} onClick={() => void create(true)}>
          {form.requiresApproval ? 'Create, start once approved' : 'Create and start'}
        </Button>
        <Button variant="default" loading={isBusy} onClick={() => void create(false)}>
          Create only
        </Button>
      </Group>
    </form>
  );
}

export interface FieldsProps {
  readonly form: RolloutForm;
  readonly onChange: (part: Partial<RolloutForm>) => void;
}

function TargetFields({ form, isTried, onChange }: FieldsProps & { readonly isTried: boolean }) {
  const versions = useReleased();
  const percents = readCanary(form.canary);
  return (
    <section className={page.panel} aria-labelledby="target-title">
      <header className={page.title}>
        <h2 id="target-title">What goes where</h2>
      </header>
      <div className={classes.fields}>
        <Select
          label="Model version"
          description="A released version"
          placeholder={versions === undefined ? 'Reading the models' : 'Choose one'}
          nothingFoundMessage="No released version"
          data={versions ?? []}
          searchable
          required
          error={isTried && form.version === '' && 'Choose a model version.'}
          value={form.version || null}
          onChange={(version) => onChange({ version: version ?? '' })}
        />
        <TextInput
          label="Name"
          description="How people speak of it"
          placeholder={form.version || 'the model'}
          maxLength={64}
          value={form.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
        <FilterField filter={form.filter} onFilter={(filter) => onChange({ filter })} />
        <TextInput
          label="Canary"
          description="Percents of the devices reached after each group"
          error={typeof percents === 'string' && percents}
          value={form.canary}
          onChange={(event) => onChange({ canary: event.currentTarget.value })}
        />
        <Checkbox
          className={classes.wide}
          label="Somebody else has to approve it first"
          checked={form.requiresApproval}
          onChange={(event) => onChange({ requiresApproval: event.currentTarget.checked })}
        />
      </div>
    </section>
  );
}

/** Names of the versions boxes may be given; undefined until they are read. */
function useReleased(): string[] | undefined {
  const { api } = useServices();
  const { opened } = useFleet();
  const [names, setNames] = useState<string[]>();
  useEffect(() => {
    if (opened === 0) return;
    const stop = new AbortController();
    loadReleased(api, stop.signal).then(
      (versions) => setNames(versions.map(modelName)),
      (failure: unknown) => {
        // The next opening of the live stream reads again.
        if (!stop.signal.aborted && !(failure instanceof ApiError)) throw failure;
      },
    );
    return () => stop.abort();
  }, [api, opened]);
  return names;
}
