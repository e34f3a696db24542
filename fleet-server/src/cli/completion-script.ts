import type { OptionSpec } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as far as a shell completes it. */
export interface CompletedCommand {
  /** One word or more: `device list`. */
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** What makes a shell complete fleetctl: its commands, and the options of each; the rest is names of files. */
export function formatCompletion(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: formatBash, zsh: formatZsh, fish: formatFish }[shell](commands);
}

/** The words that may follow each beginning of a command: '' -> device, site…; device -> list, show… */
function listNextWords(commands: readonly CompletedCommand[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { name } of commands) {
    const words = name.split(' ');
    for (const [index, word] of words.entries()) {
      const before = words.slice(0, index).join(' ');
      const known = next.get(before) ?? [];
      if (!known.includes(word)) next.set(before, [...known, word]);
    }
  }
  return next;
}

const listOptions = ({ options }: CompletedCommand): readonly string[] =>
  Object.keys(options).map((option) => `--${option}`);

/** `typed` is what stands up to the first option; `path` and `options` are words of zsh's own. */
const COLLECT = `    [[ $given == -* ]] && break
    typed="\${typed:+$typed }$given"
  done`;

function formatBash(commands: readonly CompletedCommand[]): string {
  return [
    '# fleetctl completion bash > /etc/bash_completion.d/fleetctl',
    `_fleetctl() {
  local word="\${COMP_WORDS[COMP_CWORD]}" typed="" given choices="" flags=""
  for given in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    COLLECT,
    ...formatCases(commands),
    `  [[ $word == -* ]] && choices="$flags"
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
}
complete -o default -F _fleetctl fleetctl`,
  ].join('\n');
}

function formatZsh(commands: readonly CompletedCommand[]): string {
  return [
    '# source <(fleetctl completion zsh)',
    `(( $+functions[compdef] )) || { autoload -Uz compinit; compinit }
_fleetctl() {
  local word="\${words[CURRENT]}" typed="" given choices="" flags=""
  for given in "\${(@)words[2,CURRENT-1]}"; do`,
    COLLECT,
    ...formatCases(commands),
    `  [[ $word == -* ]] && choices="$flags"
  if [[ -n $choices ]]; then compadd -- \${=choices}; else _files; fi
}
compdef _fleetctl fleetctl`,
  ].join('\n');
}

/** Sets `choices` and `options` by what was typed. */
function formatCases(commands: readonly CompletedCommand[]): readonly string[] {
  const next = [...listNextWords(commands)].map(
    ([before, words]) => `    "${before}") choices="${words.join(' ')}" ;;`,
  );
  const options = commands.map(
    (command) => `    "${command.name}"|"${command.name} "*) flags="${listOptions(command).join(' ')}" ;;`,
  );
  return ['  case "$typed" in', ...next, '  esac', '  case "$typed" in', ...options, '  esac'];
}

function formatFish(commands: readonly CompletedCommand[]): string {
  const words = [...listNextWords(commands)].flatMap(([before, following]) =>
    following.map((word) => {
      const name = before === '' ? word : `${before} ${word}`;
      const summary = commands.find((command) => command.name === name)?.summary;
      const about = summary === undefined ? '' : ` -d ${quote(summary)}`;
      return `complete -c fleetctl -f -n '__fleetctl_at "${before}"' -a ${word}${about}`;
    }),
  );
  const options = commands.flatMap(({ name, options: specs }) =>
    Object.entries(specs).map(([option, { value, description, short }]) => {
      const flags = `-l ${option}${short === undefined ? '' : ` -s ${short}`}${value === undefined ? '' : ' -r'}`;
      return `complete -c fleetctl -n '__fleetctl_in "${name}"' ${flags} -d ${quote(description)}`;
    }),
  );
  return [
    '# fleetctl completion fish > ~/.config/fish/completions/fleetctl.fish',
    `function __fleetctl_typed
  set -l typed
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; and break
    set -a typed $word
  end
  echo "$typed"
end
function __fleetctl_at
  set -l typed (__fleetctl_typed)
  test "$typed" = "$argv[1]"
end
function __fleetctl_in
  set -l typed (__fleetctl_typed)
  string match -q -- "$argv[1]*" "$typed"
end`,
    ...words,
    ...options,
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
