/** What is used of the package, which has no types of its own. */
declare module 'node-webcam' {
  export interface Webcam {
    /** The shell command of one shot. */
    generateSh(location: string): string;
  }
  const library: {
    create(options: Readonly<Record<string, unknown>>, program: 'fswebcam'): Webcam;
  };
  export default library;
}
