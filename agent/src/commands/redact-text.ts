const HIDDEN = '***';
const RULES: readonly RegExp[] = [
  // user:password@ of an address
  /()(?<=[a-z][a-z0-9+.-]*:\/\/)[^\s/"@]*(?=@)/gi,
  // ?user=...&password=... as cameras have it
  /([?&](?:user(?:name)?|usr|login|pass(?:word|wd)?|pwd|token|key|auth|secret)=)[^&\s"'\\]*/gi,
  /\b((?:Basic|Bearer)\s+)[\w+/=.~-]{8,}/g,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]*/g,
];

/** Hides what opens something: in addresses, headers and keys, wherever they stand in the text. */
export function redactText(text: string): string {
  return RULES.reduce((hidden, rule) => hidden.replace(rule, `$1${HIDDEN}`), text);
}
