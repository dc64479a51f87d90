import { DatabaseSync } from 'node:sqlite';

/**
 * Opens what is left of a damaged file, for reading only, also where it has lost its end: SQLite refuses every word of a
 * file that is shorter than its first page says, unless told that somebody repairs its schema (lockBtree() of its btree.c).
 */
export function openRemains(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, defensive: false });
  try {
    db.exec('PRAGMA writable_schema = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
