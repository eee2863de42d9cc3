extends RefCounted
## Lets a screen fill the window where what it is in has no size that it could fill.


## Fills the window in a Node2D, which never has a size.
static func fill(screen: Control) -> void:
	if screen.get_parent() is Node2D and screen.anchor_right > screen.anchor_left:
		screen.top_level = true


## Fills the window in a Control without a size, until that has one. A container gives
## sizes later.
static func fill_for_now(screen: LonghallScreen) -> void:
	var around: Control = screen.get_parent_control()
	if around == null or screen.anchor_right <= screen.anchor_left:
		return
	if around.size != Vector2.ZERO or screen.top_level or _is_in_container(screen):
		return
	_set_top_level(screen, true)
	around.resized.connect(screen._on_around_resized.bind(around), CONNECT_ONE_SHOT)


## Ends what [method fill_for_now] began, as [param around] has a size.
static func end(screen: Control, around: Control) -> void:
	if screen.get_parent() == around:
		_set_top_level(screen, false)


static func _set_top_level(screen: Control, is_top_level: bool) -> void:
	screen.top_level = is_top_level
	# Only now the anchors are measured anew.
	screen.set_anchor(SIDE_LEFT, screen.anchor_left, true)


static func _is_in_container(screen: Control) -> bool:
	var around: Control = screen.get_parent_control()
	while around != null:
		if around is Container:
			return true
		around = around.get_parent_control()
	return false
