import { createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  components: {
    Button: { defaultProps: { fw: 500 } },
    // Help of any length below: inputs that stand side by side stay in line.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } },
  },
  colors: {
    // Cooler than Mantine's own, so that its inputs match the surfaces of tokens.css.
    dark: [
      '#e6e9ec',
      '#c3c9cf',
      '#98a1ab',
      '#6b747e',
      '#3a4048',
      '#2b3037',
      '#20242a',
      '#181b1f',
      '#101215',
      '#0b0d10',
    ],
  },
  headings: { fontWeight: '650' },
});
