-- +goose Up

-- What came with a message, until its turn is closed: a JSON list.
ALTER TABLE turns ADD COLUMN attachments TEXT NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE turns DROP COLUMN attachments;
