package main

import "slices"

// cell is what the role table says of a role and an action, in the table's own words.
type cell string

const (
	yes               cell = "✓"
	no                cell = "–"
	nameOnly          cell = "name only"
	byGrant           cell = "by grant"
	bySetting         cell = "by setting"
	carriesOut        cell = "carries out"
	theirs            cell = "theirs"
	theirsAndOpen     cell = "theirs and open"
	theirsShared      cell = "theirs, where shared"
	withConsent       cell = "with consent"
	allRoles          cell = "✓ all"
	belowOwner        cell = "below owner"
	belowManagers     cell = "employee, external, guest, custom"
	everybody         cell = "all"
	employeesShared   cell = "employees; others they share a workspace with"
	shared            cell = "who shares a workspace"
	peopleOnly        cell = "people only"
	own               cell = "own"
	ownActions        cell = "own actions"
	openOrManaged     cell = "open ones, theirs as manager"
	membersOfOpen     cell = "members of open ones"
	asManager         cell = "as its manager"
	carriesDeletion   cell = "carries out deletion"
	commentOrAssigned cell = "comment; own assigned tasks"
	allInManaged      cell = "all in managed"
	ownComments       cell = "own comments"
	addressed         cell = "addressed to them"
)

// The actions of the role table that calls are about.
const (
	seeOrganization  = "see the organization, its open workspaces"
	settings         = "settings, domains, relations, custom roles"
	inviteEmployees  = "invite or create employees"
	inviteExternals  = "invite externals, guests"
	takeBack         = "take an invitation back"
	grantRoles       = "grant roles, disable, remove people"
	directory        = "directory"
	logs             = "audit log, delivery log"
	makeWorkspace    = "make a workspace, a team"
	enterOpen        = "enter an open workspace"
	enterPrivate     = "see or enter a private workspace"
	manageWorkspace  = "manage a workspace (settings, members, visibility, ask for deletion)"
	readThings       = "tasks, records, files, statuses, messages: read"
	createThings     = "… create, edit"
	deleteThings     = "… delete"
	figuresOfAll     = "statistics of the organization"
	figuresOfPlace   = "statistics of a workspace"
	figuresOfOthers  = "statistics of another person"
	figuresOfOneself = "statistics of oneself"
	seeStructure     = "teams, departments: read"
	manageTeams      = "a team: change"
	placePeople      = "a member's department and manager"
	designApps       = "applications: make, change what they are made of"
	manageApps       = "applications: delete, say who may do what"
)

// columns are the roles of the table.
var columns = []string{"owner", "administrator", "access_manager", "employee", "external", "guest", "support"}

// roleTable is who may do what, as shipped: written by hand from what the product promises, never made of the casbin
// rows, which are held to it. "own" is what somebody made or is assigned, "theirs" lies in workspaces they are a member
// of. Actions that no route serves yet are left out until one does.
var roleTable = map[string][]cell{
	seeOrganization: {yes, yes, yes, yes, no, nameOnly, nameOnly},
	settings:        {yes, yes, no, no, no, no, no},
	inviteEmployees: {yes, yes, yes, bySetting, no, no, no},
	inviteExternals: {yes, yes, yes, theirs, no, no, no},
	takeBack:        {byGrant, byGrant, byGrant, no, no, no, yes},
	grantRoles:      {allRoles, belowOwner, belowManagers, no, no, no, no},
	directory:       {everybody, everybody, everybody, employeesShared, shared, shared, no},
	logs:            {yes, yes, peopleOnly, own, own, own, ownActions},
	makeWorkspace:   {yes, yes, yes, yes, no, no, no},
	enterOpen:       {yes, yes, yes, yes, theirs, theirs, no},
	enterPrivate:    {theirs, theirs, theirs, theirs, theirs, theirs, no},
	manageWorkspace: {openOrManaged, openOrManaged, membersOfOpen, asManager, no, no, carriesDeletion},
	readThings:      {theirsAndOpen, theirsAndOpen, theirsAndOpen, theirsAndOpen, theirs, theirsShared, withConsent},
	createThings:    {yes, yes, yes, yes, theirs, commentOrAssigned, no},
	deleteThings:    {allInManaged, allInManaged, own, own, own, ownComments, no},

	// Beyond the table: "a person's figures are for that person and for managers who may see them", and figures without
	// names for those who work in the organization.
	decideJoining:    {yes, yes, yes, no, no, no, no},
	figuresOfAll:     {yes, yes, no, no, no, no, no},
	figuresOfPlace:   {theirsAndOpen, theirsAndOpen, theirsAndOpen, theirsAndOpen, no, no, no},
	figuresOfOthers:  {yes, yes, no, no, no, no, no},
	figuresOfOneself: {yes, yes, yes, yes, yes, yes, no},

	// Externals see "nothing else of the organization"; a team is changed by those who bring people, and by who made it.
	seeStructure: {yes, yes, yes, yes, no, no, no},
	manageTeams:  {yes, yes, yes, own, no, no, no},
	placePeople:  {yes, yes, yes, no, no, no, no},

	// What an application is made of is for those who make the workspace's things; who may do what with it is its maker's
	// word, and that of those who manage the workspace.
	designApps: {yes, yes, no, yes, no, no, no},
	manageApps: {allInManaged, allInManaged, no, own, no, no, no},
}

// circumstances are what a cell's words depend on.
type circumstances struct {
	// column is the role's column; empty for who belongs to no organization.
	column string
	// placed tells that the call is about a workspace or something in one: one the caller is a member of, manages, or that
	// is open.
	placed, member, manages, open bool
	// made and assigned tell whose the thing is.
	made, assigned bool
	// comment tells that the call comments, or is about a comment; task that it is about a task; people that it is about
	// a workspace's members and nothing else of it.
	comment, task, people bool
	// setting tells that the organization lets employees invite employees.
	setting bool
	// subject is the role of the person the call is about, or oneself; given the role they are to have.
	subject, given string
	// visible tells that the directory shows the person: by kind, or by a workspace that is shared.
	employee, sharing bool
}

// says is the table's cell.
func (x circumstances) says(action string) cell {
	cells, known := roleTable[action]
	if !known {
		panic("the role table has no action " + action)
	}
	i := slices.Index(columns, x.column)
	if i < 0 {
		return no
	}
	return cells[i]
}

// sees tells whether somebody sees the workspace a call is about.
func (x circumstances) sees() bool {
	if x.open {
		return x.allowed(enterOpen)
	}
	return x.allowed(enterPrivate)
}

// allowed reads a cell.
func (x circumstances) allowed(action string) bool {
	mine := x.made || x.assigned
	switch c := x.says(action); c {
	case yes, everybody, peopleOnly, own, ownActions:
		if action == deleteThings || action == manageApps {
			return mine
		}
		return true // where only one's own is meant, the list holds nothing else
	case no, nameOnly, byGrant, carriesOut, carriesDeletion, withConsent, addressed:
		return false
	case bySetting:
		return x.setting
	case theirs, theirsShared:
		return x.member
	case theirsAndOpen:
		return x.member || x.open
	case openOrManaged:
		return x.open || x.manages
	case membersOfOpen: // and, as every employee who is made one, all of a workspace as its manager
		return x.open && x.people || x.manages
	case asManager:
		return x.manages
	case commentOrAssigned:
		return x.comment || x.task && x.assigned
	case allInManaged: // and what is one's own, as in every other column
		return mine || x.open || x.manages
	case ownComments:
		return x.comment && x.made
	case allRoles, belowOwner, belowManagers:
		return grants(c, x.subject) && grants(c, x.given)
	case employeesShared:
		return x.employee || x.sharing
	case shared:
		return x.sharing
	default:
		panic("nobody has said what this cell means: " + string(c))
	}
}

// oneself is a subject: nobody gives or takes their own roles.
const oneself = "oneself"

// grants tells whether somebody with this cell gives and takes a role.
func grants(c cell, role string) bool {
	if role == oneself {
		return false
	}
	switch c {
	case allRoles:
		return true
	case belowOwner:
		return role != "owner"
	default:
		return role == "employee" || role == "external" || role == "guest"
	}
}
