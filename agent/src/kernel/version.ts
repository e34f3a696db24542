/** Version of the agent: that of package.json. */
export const AGENT_VERSION = '0.1.0';
