import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from './clip.ts';
import { groupClips } from './group-clips.ts';

const video = (path: string): Clip => ({ kind: 'video', path });
const pictures = (...paths: string[]): Clip => ({ kind: 'pictures', paths });

const FOLDERS: readonly (readonly [string, readonly string[], readonly Clip[]])[] = [
  [
    'numbers in names count as numbers',
    ['p10.jpg', 'p9.jpg', 'p1.jpg'],
    [pictures('p1.jpg', 'p9.jpg', 'p10.jpg')],
  ],
  [
    'a video between pictures parts them',
    ['a.jpg', 'c.JPEG', 'b.mp4', 'd.jpg'],
    [pictures('a.jpg'), video('b.mp4'), pictures('c.JPEG', 'd.jpg')],
  ],
  ['another format is another clip', ['a.png', 'b.jpg'], [pictures('a.png'), pictures('b.jpg')]],
  ['each video is a clip', ['b.mkv', 'a.MOV'], [video('a.MOV'), video('b.mkv')]],
  ['what is hidden or no picture is passed over', ['.a.jpg', 'notes.txt', 'README', 'a\n.jpg'], []],
];
for (const [name, names, clips] of FOLDERS) {
  test(name, () => assert.deepEqual(groupClips(names), clips));
}
