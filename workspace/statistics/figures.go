package statistics

// Figures are what happened in a week, in an organization, in a workspace or by a person. All of them are counts of
// different things: a task that was finished, reopened and finished again is one finished and one reopened task.
type Figures struct {
	TasksCreated  int64 `json:"tasks_created"`
	TasksFinished int64 `json:"tasks_finished"`
	TasksReopened int64 `json:"tasks_reopened"`
	// Posts are statuses in the stream, Comments those on statuses and on tasks.
	Posts    int64 `json:"posts"`
	Comments int64 `json:"comments"`
	// PeopleJoined are new people of the organization, or new members of the workspace; not counted for a person.
	PeopleJoined int64 `json:"people_joined"`
	// ActivePeople are those who changed anything; not counted for a person.
	ActivePeople int64 `json:"active_people"`
	// TasksOverdue are open tasks that should have been finished by the week's end, as they stood when the week was
	// computed: in the organization or workspace, or assigned to the person. It is absent where nobody counted them: for
	// the running week, and for weeks made up for after a standstill.
	TasksOverdue *int64 `json:"tasks_overdue,omitempty"`
}

// figure is the place of one figure, by the name the queries give it.
func (f *Figures) figure(name string) *int64 {
	switch name {
	case "tasks_created":
		return &f.TasksCreated
	case "tasks_finished":
		return &f.TasksFinished
	case "tasks_reopened":
		return &f.TasksReopened
	case "posts":
		return &f.Posts
	case "comments":
		return &f.Comments
	case "people_joined":
		return &f.PeopleJoined
	case "active_people":
		return &f.ActivePeople
	default:
		return nil
	}
}

// addOverdue adds overdue tasks, none of which were counted before.
func (f *Figures) addOverdue(count int64) {
	if f.TasksOverdue != nil {
		count += *f.TasksOverdue
	}
	f.TasksOverdue = &count
}

// quiet tells whether there is nothing to tell of the week.
func (f *Figures) quiet() bool {
	for _, name := range []string{"tasks_created", "tasks_finished", "tasks_reopened", "posts", "comments", "people_joined", "active_people"} {
		if *f.figure(name) != 0 {
			return false
		}
	}
	return f.TasksOverdue == nil || *f.TasksOverdue == 0
}
