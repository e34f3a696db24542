/** One process, as far as its ports tell: when it is dead, no call of it returns any more. */
export interface Life {
  isDead(): boolean;
  die(): void;
  /** Dies instead of beginning the step after the next `steps`. */
  dieAfter(steps: number): void;
  /** Begun so far. */
  steps(): readonly string[];
  /** Resolves at the death. */
  readonly death: Promise<void>;
  /** Calls with one of these names reject from now on. */
  fail(error: Error, ...names: readonly string[]): void;
  bind<Port extends object>(port: Port): Port;
  /** What the process would have waited for. */
  orDeath(work: Promise<void>): Promise<void>;
}

/** What only looks or waits leaves no trace: a death there is one before the next step. */
const isStep = (name: string): boolean => !/^(wait|read|load|list|check|objectPath|fetchManifest)/.test(name);

const NEVER = new Promise<never>(() => undefined);

export function createLife(): Life {
  const death = Promise.withResolvers<void>();
  const begun: string[] = [];
  let isDead = false;
  let left = Number.POSITIVE_INFINITY;
  let failing: { readonly error: Error; readonly names: readonly string[] } | undefined;
  const die = (): void => {
    isDead = true;
    death.resolve();
  };
  const call = (name: string, perform: () => unknown): unknown => {
    if (isStep(name)) left -= 1;
    if (left < 0 && !isDead) die();
    if (isDead) return NEVER;
    if (isStep(name)) begun.push(name);
    if (failing?.names.includes(name)) return Promise.reject(failing.error);
    const result = perform();
    return result instanceof Promise ? result.finally(() => (isDead ? NEVER : undefined)) : result;
  };
  return {
    isDead: () => isDead,
    die,
    dieAfter: (steps) => {
      left = steps;
    },
    steps: () => begun,
    fail: (error, ...names) => {
      failing = { error, names };
    },
    death: death.promise,
    orDeath: (work) => Promise.race([work, death.promise]),
    bind: (port) =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          const value: unknown = Reflect.get(target, name, receiver);
          if (typeof value !== 'function') return value;
          return (...args: readonly unknown[]) =>
            call(String(name), () => Reflect.apply(value, target, args));
        },
      }),
  };
}
