/** Replaces the wall clock of this process; timers and the monotonic clock stay as they are. */
export function installClock(): (offsetMs: number, rate: number) => void {
  const RealDate = Date;
  let base = { realMs: RealDate.now(), wallMs: RealDate.now(), rate: 1 };
  const now = (): number => Math.round(base.wallMs + (RealDate.now() - base.realMs) * base.rate);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
  return (offsetMs, rate) => {
    base = { realMs: RealDate.now(), wallMs: RealDate.now() + offsetMs, rate };
  };
}
