-- The audit of one case or one account, without reading all of it.
CREATE INDEX audit_by_case ON audit (case_id, number) WHERE case_id IS NOT NULL;
CREATE INDEX audit_by_account ON audit (account, number) WHERE account IS NOT NULL;
