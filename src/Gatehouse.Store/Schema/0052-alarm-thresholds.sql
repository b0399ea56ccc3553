-- By which thresholds the next alarms in known_certificates were set: by others, all are set anew. One text for SQLite and PostgreSQL.

CREATE TABLE certificate_alarm_thresholds (
  one BIGINT NOT NULL PRIMARY KEY,   -- there is one row
  days TEXT NOT NULL                 -- before the end, the most first, with commas
);
