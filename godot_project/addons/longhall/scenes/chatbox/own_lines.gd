extends RefCounted
## This player's own lines whose fate is not known, oldest first. In a [ChatLog] they
## stand behind all others.

const Line := preload("chat_line.gd")

var all: Array[Line] = []


## The line [param id]; null if it is settled.
func with_id(id: int) -> Line:
	for line: Line in all:
		if line.id == id:
			return line
	return null


## Those with that [param fate].
func with_fate(fate: Line.Fate) -> Array[Line]:
	return all.filter(func(line: Line) -> bool: return line.fate == fate)


## The line of which [param echo] is the echo; null if there is none.
func waiting_for(echo: Line) -> Line:
	if echo.seq > 0:
		for line: Line in all:
			if line.seq == echo.seq:
				return line
	# The server may have written the text in another way, so the oldest will do.
	for fate: Line.Fate in [Line.Fate.ACCEPTED, Line.Fate.UNANSWERED, Line.Fate.UNCERTAIN]:
		for line: Line in with_fate(fate):
			if line.text == echo.text and line.seq == 0:
				return line
	for line: Line in with_fate(Line.Fate.ACCEPTED):
		if line.seq == 0:
			return line
	return null
