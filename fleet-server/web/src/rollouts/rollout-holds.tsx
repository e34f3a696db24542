import page from './rollout-page.module.css';

/** Why the rollout does not go on, the most telling first: thresholds, gates, and what holds devices back. */
export function RolloutHolds({ lines }: { readonly lines: readonly string[] }) {
  return (
    <section className={page.panel} aria-labelledby="holds-title">
      <header className={page.title}>
        <h2 id="holds-title">What it waits for</h2>
      </header>
      <div className={page.body}>
        <ul className={page.lines}>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
    </section>
  );
}
