import type { EventEvidence } from '@watchpost/shared/api/evidence.ts';
import type { StoredEvent } from '../api/client.ts';
import classes from './evidence-strip.module.css';
import { captionOf, describePicture } from './evidence-words.ts';

interface EvidenceStripProps {
  readonly event: StoredEvent;
  readonly evidence: EventEvidence;
  readonly cameraName: string;
}

/** The pictures of a sighting in the order they were taken; each opens whole. */
export function EvidenceStrip({ event, evidence, cameraName }: EvidenceStripProps) {
  const { pictures } = evidence;
  const what = `${event.label} at ${cameraName}`;
  return (
    <ul className={classes.strip} aria-label={`Pictures of ${what}`}>
      {pictures.map((picture) => {
        const address = `/api/v1/devices/${event.deviceId}/events/${event.id}/evidence/${picture.number}`;
        return (
          <li key={picture.number}>
            <a href={address} target="_blank" rel="noreferrer">
              <img src={address} loading="lazy" alt={describePicture(picture, pictures, what)} />
              <span aria-hidden="true">{captionOf(picture, pictures)}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
