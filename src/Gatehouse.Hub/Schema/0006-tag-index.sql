-- The index of tags, for queries. One text for SQLite and PostgreSQL.
-- The index of tags in the order in which queries page, so that a page of a common value is no sort of all that have it.
DROP INDEX twin_tags_by_text;
DROP INDEX twin_tags_by_number;
CREATE INDEX twin_tags_by_text ON twin_tags (hub, path, text_value, device_id, module_id);
CREATE INDEX twin_tags_by_number ON twin_tags (hub, path, number_value, device_id, module_id);
