import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMissingSections, MODEL_CARD_SECTIONS } from './model-card.ts';

test('a card with all nine headings lacks none, however they are written', () => {
  const plain = MODEL_CARD_SECTIONS.map((section) => `## ${section}\ntext`).join('\n');
  const numbered = MODEL_CARD_SECTIONS.map(
    (section, at) => `### ${at + 1}. ${section.toUpperCase()} ##`,
  ).join('\r\n');
  const underlined = MODEL_CARD_SECTIONS.map((section, at) => `${at + 1}. ${section}\n-----\n`).join('\n');
  for (const card of [plain, numbered, underlined]) assert.deepEqual(findMissingSections(card), []);
});

test('what is missing is named in the order of the paper', () => {
  const card =
    '# Metrics\n## Factors\nIntended use is a word in the text, no heading\n```\n# Training data\n```';
  assert.deepEqual(findMissingSections(card), [
    'Model details',
    'Intended use',
    'Evaluation data',
    'Training data',
    'Quantitative analyses',
    'Ethical considerations',
    'Caveats and recommendations',
  ]);
  assert.equal(findMissingSections('').length, 9);
});
