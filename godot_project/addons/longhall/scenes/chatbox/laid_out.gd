extends RefCounted
## Which part of the lines of a [ChatLog] is laid out, in numbers.
##
## [code]chat_lines.gd[/code] keeps them true when lines come and go above,
## [code]chat_layout.gd[/code] when it writes.

## Lines above and below the reader that are laid out while they look up older ones.
const STEP: int = 100

## The line that the part begins with.
var first: int = 0
## So many lines of the part are written.
var written: int = 0
## The line before which the part ends; negative if it reaches to the last one.
var end: int = -1
## So many of the own lines that wait for an answer are written behind the others.
var tail_written: int = 0
## The first line that has changed since it was written; negative if none has.
var changed_from: int = -1
## Whether all has to be written anew.
var is_stale: bool = false
## Whether that is because more lines came at once than are ever shown.
var is_overrun: bool = false


## Begins anew with a part of which nothing is written.
func begin(from: int, until: int = -1) -> void:
	first = from
	end = until
	written = 0
	tail_written = 0
	changed_from = -1
	is_overrun = false


## Tells that [param count] lines have come above all others; they are gone if it is
## negative.
func shift(count: int) -> void:
	first = maxi(first + count, 0)
	if end >= 0:
		end = maxi(end + count, 0)
	if changed_from >= 0:
		changed_from = maxi(changed_from + count, 0)


## Tells that the line [param index] is gone. Returns the paragraph in which it is
## written; -1 if it is in none.
func take_out(index: int) -> int:
	if end > index:
		end -= 1
	if changed_from > index:
		changed_from -= 1
	if index < first:
		first -= 1
		return -1
	if index - first >= written:
		return -1
	written -= 1
	return index - first


## Tells that the first line of the part does not belong to it any more.
func leave_first() -> void:
	first += 1
	written -= 1


## Tells that the line [param index] has changed.
func note_change(index: int) -> void:
	if changed_from < 0 or index < changed_from:
		changed_from = index
