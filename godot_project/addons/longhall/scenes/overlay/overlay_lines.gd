extends RefCounted
## The latest lines of a [ChatOverlay], of all channels that it shows, in the order in which
## they came.
##
## It draws nothing. Own lines whose fate is not known stand among the others.

## There is something else to show.
signal changed

const Line := preload("overlay_line.gd")
const OwnLines := preload("res://addons/longhall/scenes/chatbox/own_lines.gd")

## Lines kept; the oldest leave first.
const MOST: int = 50

## The oldest first.
var all: Array[Line] = []


## Adds a line at the end. The echo of an own one takes the place of what waited for it.
func add(line: Line) -> void:
	if line.is_own:
		all.erase(_own_of(line.channel).waiting_for(line))
	all.append(line)
	if all.size() > MOST:
		all = all.slice(all.size() - MOST)
	changed.emit()


## Adds the lines of [param page], the oldest first, that were said in [param channel]
## before those that are here.
func add_older(channel: String, page: Array[Line]) -> void:
	var oldest: int = 0
	for line: Line in all:
		if line.channel == channel and line.seq > 0:
			oldest = line.seq if oldest == 0 else mini(oldest, line.seq)
	var older: Array[Line] = page.filter(
		func(line: Line) -> bool: return oldest == 0 or line.seq < oldest
	)
	older = older.slice(maxi(older.size() + all.size() - MOST, 0))
	older.append_array(all)
	all = older
	changed.emit()


## The line with that number; null if it is not here.
func with_seq(channel: String, seq: int) -> Line:
	for line: Line in all:
		if line.channel == channel and line.seq == seq and seq > 0:
			return line
	return null


## The own line [param id] whose fate is not known; null if there is none.
func waiting(id: int) -> Line:
	for line: Line in all:
		if line.id == id and line.fate != Line.Fate.SETTLED:
			return line
	return null


## How many own lines wait for an answer.
func count_unanswered() -> int:
	var is_unanswered := func(line: Line) -> bool: return line.fate == Line.Fate.UNANSWERED
	return all.filter(is_unanswered).size()


## The line [param id] was taken as number [param seq], or nobody knows.
func set_fate(id: int, fate: Line.Fate, seq: int = 0) -> void:
	var line: Line = waiting(id)
	if line == null:
		return
	line.fate = fate
	line.seq = seq
	changed.emit()


## Takes [param line] out.
func take_out(line: Line) -> void:
	all.erase(line)
	changed.emit()


## Forgets the lines that are numbered; with [param also_waiting] all of them.
func forget(also_waiting: bool) -> void:
	if also_waiting:
		all.clear()
	else:
		all = all.filter(
			func(line: Line) -> bool:
				return line.fate in [Line.Fate.UNANSWERED, Line.Fate.UNCERTAIN]
		)
	changed.emit()


## Forgets the lines of [param channel] that are said.
func forget_channel(channel: String) -> void:
	all = all.filter(
		func(line: Line) -> bool:
			return (
				line.channel != channel or line.fate in [Line.Fate.UNANSWERED, Line.Fate.UNCERTAIN]
			)
	)
	changed.emit()


# Those that wait, by which the chatbox's rules tell what an echo belongs to.
func _own_of(channel: String) -> OwnLines:
	var own := OwnLines.new()
	for line: Line in all:
		if line.channel == channel and line.fate != Line.Fate.SETTLED:
			own.all.append(line)
	return own
