/** Which mode a file gets in PLIMSOLL_DIR, so that whoever shares the folder shares the file, and nobody else. */

/** Read and write, of owner, group, others. */
const READ_WRITE = 0o666;
const OWNER = 0o600;
/** https://man7.org/linux/man-pages/man7/inode.7.html: who shares such a folder are strangers to one another. */
const STICKY = 0o1000;

/** Of a folder that Plimsoll made itself. */
export const OWN_FOLDER_MODE = 0o700;

/** What the folder's mode allows, never more: 0660 in 2770, 0644 in 0755, 0666 in a pod's emptyDir without `fsGroup`, 0600 in 0700 and /tmp. */
export function fileModeIn(folderMode: number): number {
  return (folderMode & STICKY) !== 0 ? OWNER : OWNER | (folderMode & READ_WRITE);
}
