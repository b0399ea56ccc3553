-- Part of a migration that fails later: must not stay.
CREATE TABLE half_way (id BIGINT NOT NULL PRIMARY KEY);
