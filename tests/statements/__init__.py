"""What a person must not conclude, held at every door by one mechanism.

A door is asked for a patient and its raw answer is read into a `Reading`: the words, the figures,
the subgroups' ratios and the caveats, whatever the door calls them. A statement is a check of a
reading; it knows no door. A new door is a line in ``doors.py`` and a reader, and every statement
holds for it from then on.
"""
