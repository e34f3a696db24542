import { Checkbox, NumberInput, Select, TextInput } from '@mantine/core';
import { ORDER_TYPES } from '@watchpost/shared/trust/order.ts';
import classes from './new-rollout-page.module.css';
import {
  GATE_CHOICES,
  helpOf,
  NUMBER_FIELDS,
  NUMBER_KEYS,
  type NumberKey,
  type RolloutForm,
} from './rollout-form.ts';
import page from './rollout-page.module.css';

interface PolicyFieldsProps {
  readonly form: RolloutForm;
  readonly onChange: (part: Partial<RolloutForm>) => void;
}

/** The main keys of the policy, each with what the API says of it. */
export function PolicyFields({ form, onChange }: PolicyFieldsProps) {
  return (
    <section className={page.panel} aria-labelledby="policy-title">
      <header className={page.title}>
        <h2 id="policy-title">Policy</h2>
      </header>
      <div className={classes.fields}>
        {NUMBER_KEYS.map((key) => (
          <NumberField
            key={key}
            name={key}
            value={form.numbers[key]}
            onValue={(value) => onChange({ numbers: { ...form.numbers, [key]: value } })}
          />
        ))}
        <Choices form={form} onChange={onChange} />
        <Limits form={form} onChange={onChange} />
        <GateChoices form={form} onChange={onChange} />
      </div>
    </section>
  );
}

interface NumberFieldProps {
  readonly name: NumberKey;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function NumberField({ name, value, onValue }: NumberFieldProps) {
  const { label, unit } = NUMBER_FIELDS[name];
  return (
    <NumberInput
      label={label}
      description={helpOf(name)}
      suffix={unit && ` ${unit}`}
      min={0}
      {...(unit === '%' && { max: 100 })}
      value={value}
      onChange={(typed) => onValue(String(typed))}
    />
  );
}

const ON_ERROR = ['pause', 'stop', 'rollback'] as const;
const SELECTIONS = ['snapshot', 'continuous'] as const;

function Choices({ form, onChange }: PolicyFieldsProps) {
  return (
    <>
      <Select
        label="On an error"
        description={helpOf('onError')}
        data={ON_ERROR}
        allowDeselect={false}
        value={form.onError}
        onChange={(chosen) => onChange({ onError: pick(ON_ERROR, chosen) })}
      />
      <Select
        label="Type"
        description={helpOf('type')}
        data={ORDER_TYPES.map((value) => ({ value, label: value.replace('_', ' ') }))}
        allowDeselect={false}
        value={form.type}
        onChange={(chosen) => onChange({ type: pick(ORDER_TYPES, chosen) })}
      />
      {form.type === 'soft' && (
        <NumberInput
          label="Waits for quiet"
          description={helpOf('softHours')}
          suffix=" h"
          min={1}
          max={720}
          value={form.softHours}
          onChange={(typed) => onChange({ softHours: String(typed) })}
        />
      )}
      <Select
        label="Late joiners"
        description={helpOf('targetSelection')}
        data={SELECTIONS}
        allowDeselect={false}
        value={form.targetSelection}
        onChange={(chosen) => onChange({ targetSelection: pick(SELECTIONS, chosen) })}
      />
    </>
  );
}

const pick = <T extends string>(choices: readonly [T, ...T[]], chosen: string | null): T =>
  choices.find((choice) => choice === chosen) ?? choices[0];

function Limits({ form, onChange }: PolicyFieldsProps) {
  return (
    <>
      <NumberInput
        label="At work for each site"
        description={helpOf('disruptionBudget')}
        placeholder="no limit"
        min={1}
        value={form.budgetPerSite}
        onChange={(typed) => onChange({ budgetPerSite: String(typed) })}
      />
      <TextInput
        label="Window opens"
        description="Five fields of cron, in the time of each site; empty: at any time"
        placeholder="0 2 * * *"
        value={form.windowCron}
        onChange={(event) => onChange({ windowCron: event.currentTarget.value })}
      />
      <NumberInput
        label="Window stays open"
        description="After each opening"
        suffix=" min"
        min={1}
        disabled={form.windowCron.trim() === ''}
        value={form.windowMinutes}
        onChange={(typed) => onChange({ windowMinutes: String(typed) })}
      />
    </>
  );
}

function GateChoices({ form: { gates, type }, onChange }: PolicyFieldsProps) {
  if (type === 'download_only') return null;
  return (
    <Checkbox.Group
      className={classes.wide}
      label="Gates"
      description={helpOf('gates')}
      inputWrapperOrder={['label', 'description', 'input']}
      value={[...gates]}
      onChange={(chosen) =>
        onChange({ gates: GATE_CHOICES.map(({ gate }) => gate).filter((gate) => chosen.includes(gate)) })
      }
    >
      <div className={classes.gates}>
        {GATE_CHOICES.map(({ gate, meaning }) => (
          <Checkbox key={gate} value={gate} label={gate.replaceAll('_', ' ')} description={meaning} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
