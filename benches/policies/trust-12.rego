# trust-12.toml by hand in Rego. Days are numbers and the first day of each window is worked out
# beforehand (input.first_day_5, input.first_day_10), which this policy does not have to do.
package trust12

default hold := "must_not"

hold := "may" if {
	not citizen
	permitted
}

citizen if input.us_citizen

citizen if input.citizenship_claim == "proof_shown"

# (1) serious-or-violent
permitted if {
	some c in input.convictions
	grave(c)
}

# (2) state-prison-felony
permitted if {
	some c in input.convictions
	c.level == "felony"
	c.state_prison
}

# (3) recent-wobbler
permitted if {
	some c in input.convictions
	c.level == "wobbler"
	on_list(c)
	c.convicted_on >= input.first_day_5
	c.convicted_on <= input.release_eligible_on
}

# (4) listed-felony
permitted if {
	some c in input.convictions
	c.level == "felony"
	on_felony_list(c)
}

# (5) repeated-misdemeanors
permitted if {
	count([1 |
		some c in input.convictions
		c.level == "misdemeanor"
		not c.minor_traffic
		c.convicted_on >= input.first_day_5
		c.convicted_on <= input.release_eligible_on
	]) >= 2
}

# (6) registrant
permitted if input.sex_arson_registrant

# (7) held-to-answer
permitted if {
	some c in input.charges
	c.held_to_answer
	grave_charge(c)
}

# (8) federal-aggravated-felony
permitted if {
	some c in input.convictions
	c.aggravated_felony
	c.listed
}

# (9) federal-felony-warrant
permitted if {
	input.warrant_federal_felony
	some c in input.charges
	not dropped(c)
}

# (10) driving-with-injury
permitted if {
	some c in input.convictions
	data.lists.driving[c.category]
	c.sentence_days >= 365
	c.convicted_on >= input.first_day_10
	c.convicted_on <= input.release_eligible_on
}

# (11) judicial-warrant
permitted if {
	input.warrant == "judicial"
	data.lists.judges[input.warrant_signed_by]
}

grave(c) if c.serious

grave(c) if c.violent

on_list(c) if data.lists.listed[c.category]

on_list(c) if {
	data.lists.unclear[c.category]
	c.listed
}

on_felony_list(c) if on_list(c)

on_felony_list(c) if data.lists.felony_only[c.category]

grave_charge(c) if grave(c)

grave_charge(c) if {
	c.level == "felony"
	c.state_prison
}

grave_charge(c) if {
	c.level == "felony"
	c.category != "domestic_violence"
	on_felony_list(c)
}

dropped(c) if data.lists.dropped[c.disposition]
