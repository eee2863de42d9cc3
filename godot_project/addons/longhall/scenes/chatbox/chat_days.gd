extends RefCounted
## The days between the lines of a chat log. Part of the chatbox.

const Line := preload("chat_line.gd")


## The day that belongs above a new line behind these, or [code]null[/code].
static func above(line: Line, lines: Array[Line]) -> Line:
	var bias: int = Line.time_zone_bias()
	var day: int = Line.day_of(line.sent_at_ms, bias)
	for i: int in range(lines.size() - 1, -1, -1):
		if lines[i].kind == Line.Kind.SAID:
			return _of(line) if day > Line.day_of(lines[i].sent_at_ms, bias) else null
	return _of(line) if day != _today(bias) else null


## The lines with a day above the first unless that is of today, and between days.
static func between(lines: Array[Line]) -> Array[Line]:
	var bias: int = Line.time_zone_bias()
	var today: int = _today(bias)
	var before: int = -1
	var found: Array[Line] = []
	for line: Line in lines:
		if line.kind == Line.Kind.SAID:
			var day: int = Line.day_of(line.sent_at_ms, bias)
			if day > before and (before >= 0 or day != today):
				found.append(_of(line))
			before = day
		found.append(line)
	return found


## Joins older lines to these: the day above the first of these goes if older ones of
## that day come, and is returned; if it is another one, it comes behind the older.
static func join(older: Array[Line], lines: Array[Line]) -> Line:
	var bias: int = Line.time_zone_bias()
	var last: int = Line.day_of(older[-1].sent_at_ms, bias)
	for line: Line in lines:
		if line.kind == Line.Kind.DAY:
			return line if Line.day_of(line.sent_at_ms, bias) == last else null
		if line.kind == Line.Kind.SAID:
			if Line.day_of(line.sent_at_ms, bias) > last:
				older.append(_of(line))
			return null
	return null


static func _today(bias: int) -> int:
	return Line.day_of(floori(Time.get_unix_time_from_system() * 1000.0), bias)


static func _of(line: Line) -> Line:
	var day := Line.new()
	day.kind = Line.Kind.DAY
	day.sent_at_ms = line.sent_at_ms
	return day
