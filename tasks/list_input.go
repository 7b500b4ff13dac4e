package tasks

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/rank"
)

// Sort is an order of a list of tasks; a minus before it turns it round exactly.
type Sort string

// The orders. Tasks without a due moment come last by SortDue, and first when it is turned round. SortFinished lists
// finished tasks only.
const (
	SortDue      Sort = "due"
	SortPriority Sort = "priority"
	SortCreated  Sort = "created"
	SortUpdated  Sort = "updated"
	SortFinished Sort = "finished"
	// SortStart lists tasks that have a start only; SortRank is the order of one workspace's list, SortBoard that of the
	// cards of one stage.
	SortStart Sort = "start"
	SortRank  Sort = "rank"
	SortBoard Sort = "board"

	SortDueLast       Sort = "-due"
	SortPriorityFirst Sort = "-priority" // the most urgent first
	SortCreatedLast   Sort = "-created"  // the newest first
	SortUpdatedLast   Sort = "-updated"
	SortFinishedLast  Sort = "-finished"
	SortStartLast     Sort = "-start"
)

// Mine are the lists everybody has of their own, across the workspaces of an organization.
type Mine string

// The lists of one's own.
const (
	MineAssigned Mine = "assigned" // open, and assigned to me
	MineCreated  Mine = "created"  // created by me
	MineFinished Mine = "finished" // finished by me
	MineFollowed Mine = "followed" // followed by me
	// MineDelegated are open ones I created and assigned to others.
	MineDelegated Mine = "delegated"
)

// Me stands for whoever calls, Nobody for no assignee, where a filter takes accounts.
const (
	Me     = "me"
	Nobody = "none"
)

// maxFilter is how many values a filter takes; maxSearch how many characters a search has, and maxWords how many words.
const (
	maxFilter = 50
	maxSearch = 200
	maxWords  = 8
)

// ListInput asks for tasks of an organization. Filters are joined by "and", the values of one filter by "or" unless it
// says otherwise. The list holds only tasks in workspaces the actor may see, whatever is asked for.
type ListInput struct {
	Org        veranda.OrgID         `path:"org" json:"-"`
	Workspaces []veranda.WorkspaceID `query:"workspace" json:"-" doc:"Only tasks in these workspaces."`
	Mine       Mine                  `query:"mine" json:"-" enum:"assigned,created,finished,followed,delegated" doc:"One's own: assigned (open ones assigned to me), created by me, finished by me, followed by me, delegated (open ones created by me and assigned to others)."`
	State      State                 `query:"state" json:"-" enum:"open,finished" doc:"Only tasks in this state."`
	Assignees  []string              `query:"assignee" json:"-" doc:"Account ids, me, or none for tasks that nobody is assigned."`
	Creators   []string              `query:"creator" json:"-" doc:"Account ids, or me."`
	Followers  []string              `query:"follower" json:"-" doc:"Account ids, or me."`
	Labels     []string              `query:"label" json:"-" doc:"Labels, of which a task has at least one; case does not matter."`
	AllLabels  []string              `query:"all_labels" json:"-" doc:"Labels, all of which a task has."`
	Priorities []int                 `query:"priority" json:"-" doc:"Priorities, 0 to 4."`
	// MinPriority is the least priority.
	MinPriority int `query:"min_priority" json:"-" minimum:"0" maximum:"4" doc:"Only tasks of this priority or a higher one."`
	// DueAfter and DueBefore bound the due moment: from the first on, and before the second. Tasks without one are left
	// out.
	DueAfter  time.Time `query:"due_after" json:"-" doc:"Due at this moment or later."`
	DueBefore time.Time `query:"due_before" json:"-" doc:"Due before this moment."`
	Overdue   bool      `query:"overdue" json:"-" doc:"Only open tasks that should be finished by now."`
	Search    string    `query:"search" json:"-" maxLength:"200" doc:"At most 8 words that title or description contain, all of them; case and accents do not matter."`
	Saved     FilterID  `query:"saved" json:"-" doc:"A saved filter, in place of all filters above."`
	Sort      Sort      `query:"sort" json:"-" enum:"due,priority,created,updated,finished,start,rank,board,-due,-priority,-created,-updated,-finished,-start" doc:"The order; due when absent, -finished for mine=finished. start lists tasks with a start only; rank is for one workspace, board for one workspace and stage."`
	// StartAfter and StartBefore bound the start as DueAfter and DueBefore do the due moment.
	StartAfter  time.Time `query:"start_after" json:"-" doc:"Starting at this moment or later."`
	StartBefore time.Time `query:"start_before" json:"-" doc:"Starting before this moment."`
	Parent      ID        `query:"parent" json:"-" doc:"Only the sub-tasks of this task."`
	Top         bool      `query:"top" json:"-" doc:"Only tasks that are a part of no other."`
	Stage       StageID   `query:"stage" json:"-" doc:"Only the cards of this stage of a board."`
	Series      SeriesID  `query:"series" json:"-" doc:"Only the instances of this recurring task."`
	veranda.Page
}

// criteria are a list's filters, checked. Accounts are texts: an id, Me, or Nobody.
type criteria struct {
	workspaces                     []veranda.WorkspaceID
	state                          State
	assignees, creators, followers []string
	finishedByMe, delegated        bool
	labels, allLabels              []string // in folded case
	priorities                     []int
	minPriority                    int
	dueFrom, dueUntil              *time.Time // from the first on, before the second
	overdue                        bool
	startFrom, startUntil          *time.Time
	parent                         ID
	top                            bool
	stage                          StageID
	series                         SeriesID
	words                          []string
	sort                           Sort
	size                           int
	after                          position
}

// validate gives the criteria of the list.
func (in *ListInput) validate() (*criteria, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	k := &criteria{
		workspaces: in.Workspaces, state: in.State, priorities: in.Priorities, minPriority: in.MinPriority, overdue: in.Overdue, sort: in.Sort,
		assignees: checkPeopleFilter(&c, "/assignee", in.Assignees, Me, Nobody),
		creators:  checkPeopleFilter(&c, "/creator", in.Creators, Me),
		followers: checkPeopleFilter(&c, "/follower", in.Followers, Me),
		labels:    labelKeys(checkLabels(&c, "/label", in.Labels)), allLabels: labelKeys(checkLabels(&c, "/all_labels", in.AllLabels)),
		words: searchWords(c.Line("/search", in.Search, 0, maxSearch)),
		size:  in.Size(&c),
	}
	if len(k.words) > maxWords {
		c.Add("/search", "too_many", "must have at most 8 words")
	}
	c.Count("/workspace", len(in.Workspaces), 0, maxFilter)
	for i, workspace := range in.Workspaces {
		veranda.Required(&c, at("/workspace", i), workspace)
	}
	c.Count("/priority", len(in.Priorities), 0, PriorityUrgent+1)
	for i, priority := range in.Priorities {
		c.Range(at("/priority", i), int64(priority), PriorityNone, PriorityUrgent)
	}
	c.Range("/min_priority", int64(in.MinPriority), PriorityNone, PriorityUrgent)
	if !in.DueAfter.IsZero() {
		k.dueFrom = checkDue(&c, "/due_after", &in.DueAfter)
	}
	if !in.DueBefore.IsZero() {
		k.dueUntil = checkDue(&c, "/due_before", &in.DueBefore)
	}
	if !in.StartAfter.IsZero() {
		k.startFrom = checkDue(&c, "/start_after", &in.StartAfter)
	}
	if !in.StartBefore.IsZero() {
		k.startUntil = checkDue(&c, "/start_before", &in.StartBefore)
	}
	k.parent, k.top, k.stage, k.series = in.Parent, in.Top, in.Stage, in.Series
	if in.Top && !in.Parent.IsZero() {
		c.Add("/top", "exclusive", "must not be given together with parent")
	}
	if k.state != "" {
		veranda.OneOf(&c, "/state", k.state, Open, Finished)
	}
	in.narrowToMine(&c, k)
	in.checkSort(&c, k)
	return k, c.Err()
}

// narrowToMine turns the lists of one's own into filters.
func (in *ListInput) narrowToMine(c *veranda.Checks, k *criteria) {
	switch in.Mine {
	case "":
		return
	case MineAssigned:
		exclusive(c, "/assignee", k.assignees)
		k.assignees = []string{Me}
		if k.state == "" {
			k.state = Open
		}
	case MineCreated:
		exclusive(c, "/creator", k.creators)
		k.creators = []string{Me}
	case MineDelegated:
		exclusive(c, "/creator", k.creators)
		k.creators, k.delegated = []string{Me}, true
		if k.state == "" {
			k.state = Open
		}
	case MineFollowed:
		exclusive(c, "/follower", k.followers)
		k.followers = []string{Me}
	case MineFinished:
		k.finishedByMe = true
		if k.sort == "" {
			k.sort = SortFinishedLast
		}
		k.finishedOnly(c, "/mine")
	default:
		veranda.OneOf(c, "/mine", in.Mine, MineAssigned, MineCreated, MineFinished, MineFollowed, MineDelegated)
	}
}

// exclusive reports a filter that speaks of the same as mine does.
func exclusive(c *veranda.Checks, pointer string, values []string) {
	if len(values) > 0 {
		c.Add(pointer, "exclusive", "must not be given together with this mine")
	}
}

// finishedOnly narrows to finished tasks for the sake of a field.
func (k *criteria) finishedOnly(c *veranda.Checks, pointer string) {
	if k.state == Open {
		c.Add(pointer, "exclusive", "lists finished tasks, and must not be given together with the state open")
	}
	k.state = Finished
}

func (in *ListInput) checkSort(c *veranda.Checks, k *criteria) {
	if k.sort == "" {
		k.sort = SortDue
	}
	veranda.OneOf(c, "/sort", k.sort, SortDue, SortPriority, SortCreated, SortUpdated, SortFinished,
		SortStart, SortRank, SortBoard, SortDueLast, SortPriorityFirst, SortCreatedLast, SortUpdatedLast, SortFinishedLast, SortStartLast)
	byHand := (k.sort == SortRank || k.sort == SortBoard) && in.Saved.IsZero() // a saved filter is checked when it is read
	if byHand && len(k.workspaces) != 1 {
		c.Add("/workspace", "required", "must be one workspace in this order")
	}
	if byHand && k.sort == SortBoard && k.stage.IsZero() {
		c.Add("/stage", "required", "must be a stage in this order")
	}
	if k.sort == SortFinished || k.sort == SortFinishedLast {
		k.finishedOnly(c, "/sort")
	}
	if k.overdue {
		if k.state == Finished {
			c.Add("/overdue", "exclusive", "lists open tasks, and must not be given where finished ones are asked for")
		}
		k.state = Open
	}
	if !c.Failed("/sort") {
		k.after = readPosition(c, in.Page, k.sort)
	}
}

// searchWords are the words to look for, without those that are part of another one.
func searchWords(text string) (words []string) {
	all := strings.Fields(fold(text))
	// Longer words first, so that each is compared with all that could contain it.
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, word := range all {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, word) }) {
			words = append(words, word)
		}
	}
	return words
}

// checkPeopleFilter checks a filter that takes accounts; words are what it takes besides ids.
func checkPeopleFilter(c *veranda.Checks, pointer string, values []string, words ...string) []string {
	c.Count(pointer, len(values), 0, maxFilter)
next:
	for i, text := range values {
		for _, word := range words {
			if text == word {
				continue next
			}
		}
		var account veranda.AccountID
		if account.UnmarshalText([]byte(text)) != nil || account.IsZero() {
			c.Add(at(pointer, i), "account", "must be an account's id, or "+strings.Join(words, ", or "))
			continue
		}
		values[i] = account.String() // one id has one spelling in a comparison of texts
	}
	return values
}

// position is where a page begins: behind the row with this key and id.
type position struct {
	key  int64
	rank string // in place of the key where the order is by hand
	id   ID
}

// listName names the cursors of the list in an order.
func listName(sort Sort) string { return "tasks:" + string(sort) }

// readPosition is where the page begins. The first one begins behind a row that sorts before all others, so that first
// and later pages are one query.
func readPosition(c *veranda.Checks, page veranda.Page, sort Sort) position {
	parts := page.Position(c, listName(sort), 2)
	if sort == SortRank || sort == SortBoard {
		if parts == nil {
			return position{}
		}
		id, err := veranda.ParseID[taskKind](parts[1])
		if err != nil || !rank.Valid(parts[0]) {
			badCursor(c)
		}
		return position{rank: parts[0], id: id}
	}
	if parts == nil {
		if strings.HasPrefix(string(sort), "-") {
			return position{key: neverDue, id: highestID[taskKind]()}
		}
		return position{key: -neverDue, id: lowestID[taskKind]()}
	}
	key, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		badCursor(c)
	}
	id, err := veranda.ParseID[taskKind](parts[1])
	if err != nil {
		badCursor(c)
	}
	return position{key: key, id: id}
}

func badCursor(c *veranda.Checks) {
	if !c.Failed("/cursor") {
		c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
	}
}

func lowestID[Kind any]() (id veranda.ID[Kind]) { return id }

func highestID[Kind any]() veranda.ID[Kind] {
	id, err := veranda.ParseID[Kind]("ffffffff-ffff-ffff-ffff-ffffffffffff")
	if err != nil { // the text is right
		panic(err)
	}
	return id
}
