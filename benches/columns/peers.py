"""The twelve rules in DuckDB and in Polars, from memory and from Parquet, one thread each.

`peers.py FILE ROUNDS` prints one JSON object a line, as `comity-bench-columns measure` does.
Processor time of the process; the fastest round counts.
"""

import json
import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "1"

import duckdb  # noqa: E402
import polars as pl  # noqa: E402

LISTED = """assault aggravated_assault assault_on_officer battery domestic_violence threats
child_sexual_abuse sexual_exploitation child_abuse burglary burglary_vehicle robbery carjacking
theft shoplifting motor_vehicle_theft receiving_stolen_property fraud identity_theft forgery
embezzlement extortion obstruction resisting_arrest bribery escape weapon_unlawful
firearm_unlawful explosives vandalism_with_priors gang great_bodily_injury capital_murder murder
manslaughter vehicular_homicide firearm_in_offense sex_registration false_imprisonment
human_trafficking money_laundering torture_mayhem public_safety_threat arson elder_abuse
hate_crime stalking solicitation offense_on_bail sexual_assault aggravated_sexual_assault
kidnapping""".split()
UNCLEAR = "trespass inchoate lewdness hit_and_run_injury other".split()
DUI = "dui dui_felony dui_injury".split()
FELONY_ONLY = DUI + "drug_possession drug_trafficking".split()
JUDGES = ["federal_judge", "federal_magistrate"]
DROPPED = ["dismissed", "acquitted"]


def sql(table):
    """The rules as one query over lists of structs."""

    def words(of):
        return "(" + ", ".join(f"'{w}'" for w in of) + ")"

    def some(of, condition, least=1):
        return f"len(list_filter({of}, lambda c: {condition})) >= {least}"

    listed = f"(c.category IN {words(LISTED)} OR (c.category IN {words(UNCLEAR)} AND c.listed))"
    felony_only = f"c.category IN {words(FELONY_ONLY)}"
    recent = "c.convicted_on BETWEEN first_5 AND custody_release_eligible_on"
    long_ago = "c.convicted_on BETWEEN first_10 AND custody_release_eligible_on"
    rules = [
        "threat_sex_arson_registrant",
        f"(request_warrant = 'judicial' AND request_warrant_signed_by IN {words(JUDGES)})",
        some("convictions", "c.serious OR c.violent"),
        some("convictions", "c.level = 'felony' AND c.state_prison"),
        some("convictions", f"c.level = 'wobbler' AND {listed} AND {recent}"),
        some("convictions", f"c.level = 'felony' AND ({listed} OR {felony_only})"),
        some("convictions", f"c.level = 'misdemeanor' AND NOT c.minor_traffic AND {recent}", 2),
        some("convictions", "c.aggravated_felony AND c.listed"),
        some("convictions", f"c.category IN {words(DUI)} AND c.sentence_days >= 365 AND {long_ago}"),
        some(
            "charges",
            "c.held_to_answer AND (c.serious OR c.violent OR (c.level = 'felony' AND (c.state_prison"
            f" OR (c.category <> 'domestic_violence' AND ({listed} OR {felony_only})))))",
        ),
        "(threat_warrant_federal_felony AND "
        + some("charges", f"c.disposition NOT IN {words(DROPPED)}")
        + ")",
    ]
    return f"""
    SELECT count(*) FILTER (WHERE may), count(*) FILTER (WHERE NOT may) FROM (
      SELECT NOT (person_us_citizen OR person_citizenship_claim = 'proof_shown')
        AND ({" OR ".join(rules)}) AS may
      FROM (SELECT *, (custody_release_eligible_on - INTERVAL 5 YEAR)::DATE AS first_5,
              (custody_release_eligible_on - INTERVAL 10 YEAR)::DATE AS first_10 FROM {table}))"""


def polars(frame):
    """The rules as expressions; a list needs its row's day, so it is exploded and grouped."""
    frame = frame.with_row_index("row")
    c = pl.col
    listed = c("category").is_in(LISTED) | (c("category").is_in(UNCLEAR) & c("listed"))
    felony_only = c("category").is_in(FELONY_ONLY)
    felony = c("level") == "felony"
    day = c("custody_release_eligible_on")

    def recent(years):
        first = day.dt.offset_by(f"-{years}y")
        return (c("convicted_on") >= first) & (c("convicted_on") <= day)

    convictions = (
        frame.select("row", "custody_release_eligible_on", "convictions")
        .filter(c("convictions").list.len() > 0)
        .explode("convictions")
        .unnest("convictions")
        .with_columns(recent_5=recent(5))
        .select(
            "row",
            may=c("serious")
            | c("violent")
            | (felony & (c("state_prison") | listed | felony_only))
            | ((c("level") == "wobbler") & listed & c("recent_5"))
            | (c("aggravated_felony") & c("listed"))
            | (c("category").is_in(DUI) & (c("sentence_days") >= 365) & recent(10)),
            counted=(c("level") == "misdemeanor") & ~c("minor_traffic") & c("recent_5"),
        )
        .group_by("row")
        .agg(of_convictions=c("may").any() | (c("counted").sum() >= 2))
    )
    charges = (
        frame.select("row", "charges")
        .filter(c("charges").list.len() > 0)
        .explode("charges")
        .unnest("charges")
        .select(
            "row",
            may=c("held_to_answer")
            & (
                c("serious")
                | c("violent")
                | (
                    felony
                    & (
                        c("state_prison")
                        | ((c("category") != "domestic_violence") & (listed | felony_only))
                    )
                )
            ),
            stands=~c("disposition").is_in(DROPPED),
        )
        .group_by("row")
        .agg(of_charges=c("may").any(), stands=c("stands").any())
    )
    may = (
        c("threat_sex_arson_registrant")
        | ((c("request_warrant") == "judicial") & c("request_warrant_signed_by").is_in(JUDGES))
        | c("of_convictions").fill_null(False)
        | c("of_charges").fill_null(False)
        | (c("threat_warrant_federal_felony") & c("stands").fill_null(False))
    )
    citizen = c("person_us_citizen") | (c("person_citizenship_claim") == "proof_shown")
    return (
        frame.join(convictions, on="row", how="left")
        .join(charges, on="row", how="left")
        .select(may=~citizen & may)
        .select(may=c("may").sum(), must_not=(~c("may")).sum())
    )


def say(contender, source, rounds, run):
    best = None
    for _ in range(rounds):
        start = time.process_time()
        may, must_not = run()
        seconds = time.process_time() - start
        best = seconds if best is None else min(best, seconds)
    line = {"contender": contender, "from": source, "seconds": round(best, 4)}
    line |= {"may": int(may), "must_not": int(must_not), "open": 0}
    print(json.dumps(line), flush=True)


def main():
    file, rounds = sys.argv[1], int(sys.argv[2])
    db = duckdb.connect()
    db.execute("SET threads = 1")
    parquet = f"read_parquet('{file}')"
    db.execute(f"CREATE TABLE cases AS SELECT * FROM {parquet}")
    say("DuckDB", "memory", rounds, lambda: db.execute(sql("cases")).fetchone())
    db.execute("DROP TABLE cases")
    say("DuckDB", "parquet", rounds, lambda: db.execute(sql(parquet)).fetchone())
    table = pl.read_parquet(file)
    say("Polars", "memory", rounds, lambda: polars(table.lazy()).collect().row(0))
    del table
    say("Polars", "parquet", rounds, lambda: polars(pl.scan_parquet(file)).collect().row(0))
    print(f"duckdb {duckdb.__version__}, polars {pl.__version__}", file=sys.stderr)


main()
