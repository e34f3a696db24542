/** Version of the agent: that of package.json. */
export const AGENT_VERSION = '0.1.0';
/** When this version was released, in Unix milliseconds: a clock before it is wrong. */
export const AGENT_RELEASED_MS = Date.UTC(2026, 10, 1);
