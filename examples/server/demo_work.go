package main

import "github.com/veranda-go/veranda/tasks"

// demoTask is something the demo organization had to do.
type demoTask struct {
	workspace, title string
	priority         int
	labels, steps    []string
}

// The workspaces' keys, short for the tables below.
const (
	studio    = "studio"
	boathouse = "boathouse"
	catalogue = "catalogue"
	office    = "office"
)

const (
	low    = tasks.PriorityLow
	normal = tasks.PriorityNormal
	high   = tasks.PriorityHigh
	urgent = tasks.PriorityUrgent
)

var demoTasks = []demoTask{
	{studio, "Sharpen the planer blades", normal, []string{"workshop"}, nil},
	{studio, "Order sandpaper and wood oil", normal, []string{"purchase"}, []string{"Grit 120, 180 and 240", "Hard wax oil, 10 litres", "Gloves"}},
	{studio, "Have the dust extractor inspected", high, []string{"workshop", "safety"}, []string{"Ask three companies", "Agree on a date", "File the certificate"}},
	{studio, "Find out why the table saw trips the fuse", urgent, []string{"workshop", "safety"}, nil},
	{studio, "Photograph the finished reading chairs", low, []string{"website"}, nil},
	{studio, "Answer the school that asks for a visit", low, []string{"visitors"}, nil},
	{studio, "Label the shelves of the timber store", low, []string{"workshop"}, nil},
	{studio, "Compare prices for larch from the north", normal, []string{"purchase"}, []string{"Ask the sawmill in Västerås", "Ask the cooperative", "Freight to Lisbon"}},
	{studio, "Renew the parking permit for the van", high, []string{"van"}, nil},
	{studio, "Winter tyres for the van", normal, []string{"van"}, nil},
	{studio, "Write down how we finish oak", normal, []string{"knowledge"}, []string{"Sanding", "Soap or oil", "Photographs", "Let somebody new try it"}},
	{studio, "First aid: refill the box and check the eye wash", high, []string{"safety"}, nil},
	{studio, "Plan the holidays of December", normal, []string{"calendar"}, nil},
	{studio, "Repair the bench by the window", low, []string{"workshop"}, nil},
	{studio, "Send samples to the hotel in Porto", high, []string{"customers"}, []string{"Oak, oiled", "Ash, white", "Price list"}},
	{studio, "Update opening hours on the website", normal, []string{"website"}, nil},
	{studio, "Return the borrowed scaffolding", normal, []string{"van"}, nil},

	{boathouse, "Survey the roof beams", high, []string{"structure"}, []string{"North side", "South side", "Moisture readings", "Report"}},
	{boathouse, "Drawing of the stair, second version", high, []string{"stairs", "drawing"}, nil},
	{boathouse, "Order oak for the stair treads", high, []string{"stairs", "purchase"}, nil},
	{boathouse, "Agree on the slipway with the harbour office", urgent, []string{"permits"}, []string{"Letter", "Meeting on site", "Written consent"}},
	{boathouse, "Prototype of a boat rack", normal, []string{"racks"}, []string{"Cut list", "Welded frame", "Load test with two eights"}},
	{boathouse, "Quote for galvanised brackets", normal, []string{"racks", "purchase"}, nil},
	{boathouse, "Check the fire exits with the club", high, []string{"permits", "safety"}, nil},
	{boathouse, "Remove the old cladding on the east wall", normal, []string{"site"}, nil},
	{boathouse, "Rent a container for rubble", normal, []string{"site"}, nil},
	{boathouse, "Protect the swallows' nests until they are gone", normal, []string{"site"}, nil},
	{boathouse, "Samples of the floor coating", low, []string{"floor"}, nil},
	{boathouse, "Calculate the new load of the balcony", high, []string{"structure"}, nil},
	{boathouse, "Lighting plan for the changing rooms", normal, []string{"electrics", "drawing"}, nil},
	{boathouse, "Meet the electrician on site", normal, []string{"electrics"}, nil},
	{boathouse, "Minutes of the club's building committee", low, []string{"club"}, nil},
	{boathouse, "Measure the double doors", normal, []string{"doors"}, nil},
	{boathouse, "Hinges that stand salt water", normal, []string{"doors", "purchase"}, nil},
	{boathouse, "Schedule for the winter months", high, []string{"planning"}, []string{"Deliveries", "Holidays", "Days of storm to spare"}},

	{catalogue, "Choose forty pieces", high, []string{"content"}, []string{"Chairs", "Tables", "Small things"}},
	{catalogue, "Photographs of the chairs", high, []string{"photography"}, []string{"Light test", "Six chairs", "Details of joints"}},
	{catalogue, "Photographs of the tables", high, []string{"photography"}, nil},
	{catalogue, "Texts for the chairs", normal, []string{"text"}, nil},
	{catalogue, "Texts for the tables", normal, []string{"text"}, nil},
	{catalogue, "Translate the introduction", normal, []string{"text", "translation"}, nil},
	{catalogue, "Proofread the Portuguese pages", normal, []string{"text"}, nil},
	{catalogue, "Proofread the English pages", normal, []string{"text", "translation"}, nil},
	{catalogue, "Paper samples from the mill", normal, []string{"print"}, []string{"Uncoated, 120 g", "Cover, 300 g"}},
	{catalogue, "Cover: three drafts", high, []string{"layout"}, nil},
	{catalogue, "Layout of the first sixteen pages", high, []string{"layout"}, nil},
	{catalogue, "Layout of the remaining pages", high, []string{"layout"}, nil},
	{catalogue, "Prices for the new season", urgent, []string{"content"}, nil},
	{catalogue, "Quote from the second printer", normal, []string{"print"}, nil},
	{catalogue, "List of addresses to send it to", low, []string{"distribution"}, nil},
	{catalogue, "Rights for the old harbour photograph", normal, []string{"photography"}, nil},

	{office, "Close the books of October", high, []string{"books"}, []string{"Bank", "Cash", "Open invoices"}},
	{office, "Remind the three late customers", high, []string{"books"}, nil},
	{office, "Apply for the training grant", normal, []string{"people"}, nil},
	{office, "Interviews for the apprenticeship", high, []string{"people"}, []string{"Invite five", "Trial days", "Decide"}},
	{office, "Talk with Kwame about his year", normal, []string{"people"}, nil},
	{office, "Renew the liability insurance", urgent, []string{"contracts"}, nil},
	{office, "Contract with the photographer", high, []string{"contracts"}, nil},
	{office, "Budget for next year, first draft", normal, []string{"books"}, []string{"Wages", "Material", "Machines", "Reserve"}},
	{office, "Ask the bank about the loan for the kiln", low, []string{"books"}, nil},
}

// demoComments fit any task.
var demoComments = []string{
	"I have begun with it; more tomorrow.",
	"Waiting for an answer by telephone.",
	"Does anybody still have the papers from last year?",
	"Done but for the details, I would like a second pair of eyes.",
	"Cheaper than we thought!",
	"They ask for two more days.",
	"I put the measurements on the pin board by the door.",
	"Let us talk about this on Thursday, it touches the schedule.",
	"Good from my side.",
	"Could you add who is to be asked next time?",
}

// demoStatus is what somebody wrote on the n-th working day.
type demoStatus struct {
	workspace    string
	day          int
	author, text string
	replies      []demoReply
}

type demoReply struct{ author, text string }

var demoStatuses = []demoStatus{
	{studio, 1, "ines", "Welcome, everybody. From today on, what we plan stands here and no longer on the kitchen wall. Put your tasks in, large and small.", []demoReply{
		{"kwame", "The kitchen wall will be lonely."}, {"leila", "I have copied everything from it, the coffee list included."},
	}},
	{studio, 3, "kwame", "The table saw is out of order until we know why it trips the fuse. Please use the track saw, and mind the cable.", []demoReply{
		{"mateo", "It happened to me on Tuesday too, only with the extractor running."}, {"kwame", "That helps, thank you."},
	}},
	{studio, 6, "sofie", "The larch from Västerås smells like a forest. Come and see before it goes into the store.", nil},
	{studio, 9, "tomasz", "The van is at the garage on Thursday. Deliveries on Friday as usual.", []demoReply{{"jun", "I need it on Friday at eight for the boathouse."}, {"tomasz", "It is yours until noon."}}},
	{studio, 13, "amara", "Two people from the trade school visit us next week, on Wednesday from ten. Who shows them the steam box?", []demoReply{{"mateo", "I do, with pleasure."}}},
	{studio, 18, "ines", "The hotel in Porto has said yes: sixty chairs by March. Thank you all for the samples!", []demoReply{
		{"priya", "Sixty! Then we need the second jig."}, {"kwame", "Drawing it already."}, {"sofie", "Cake on Friday?"},
	}},
	{boathouse, 2, "jun", "First day on site. The beams are better than they look, the stairs worse. Moisture readings follow.", []demoReply{{"daniel", "We had the same on the pier. Look below the gutter on the north side."}}},
	{boathouse, 7, "daniel", "The slipway rails are ready in our yard. You can see them any day before four.", []demoReply{{"jun", "Monday, then."}}},
	{boathouse, 11, "mateo", "The rack holds two eights and one Mateo. Load test passed.", []demoReply{{"kwame", "Is there a photograph of the Mateo?"}}},
	{boathouse, 16, "priya", "The harbour office wants the slipway drawing in their own format. I convert it tonight.", []demoReply{{"jun", "You are a hero."}}},
	{catalogue, 4, "leila", "The forty pieces are chosen, and it hurt. The list is in the tasks; objections until Thursday.", []demoReply{
		{"sofie", "I miss the small bench."}, {"leila", "It comes in spring, with a page to itself."},
	}},
	{catalogue, 8, "elena", "Light test done: the north window in the morning, nothing else. The joints look like drawings.", []demoReply{{"leila", "These are wonderful."}, {"noor", "They will print very well on the uncoated one."}}},
	{catalogue, 14, "sofie", "Sixteen pages are laid out. Noor, would you look at the margins with the binding in mind?", []demoReply{{"noor", "Three millimetres more on the inside, then all is well."}}},
	{catalogue, 19, "leila", "Cover number two it is. On to the printer!", []demoReply{{"tomasz", "And within the budget, I see."}, {"elena", "My favourite too."}}},
	{office, 5, "tomasz", "The books of October are nearly closed; three customers are late, I remind them this week.", []demoReply{{"ines", "Be kind to the school, they told us."}}},
	{office, 15, "amara", "Five good applications for the apprenticeship. Trial days the week after next?", []demoReply{{"ines", "Yes. Let Kwame choose the days."}}},
}
