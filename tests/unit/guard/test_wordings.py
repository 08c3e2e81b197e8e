"""Facts about wordings: which say one thing in two ways, and which say another thing."""

import pytest

from llm_cache_proxy.domain.guard import Guard

ONE_MEANING = {
    "news that leaves out the day on which it was said": (
        "Officials said on Thursday that old wooden bridges across northern rivers need new paint.",
        "Officials said that old wooden bridges across northern rivers need new paint.",
    ),
    "news that leaves out an age": (
        "The 27-year-old singer signed a new record contract with a small London label.",
        "The singer signed a new record contract with a small London label.",
    ),
    "a pronoun behind before": ("Should I eat before I run?", "Before I run, should I eat?"),
    "an acronym and its words": (
        "Who runs the Australian Broadcasting Corporation in Sydney?",
        "Who runs ABC in Sydney?",
    ),
    "an adjective and its noun": ("Is there fog in London?", "Is it foggy in London?"),
    "a doubled letter in a name": (
        "When was president Hillary Clinton elected?",
        "When was president Hilary Clinton elected?",
    ),
    "two letters that changed places": (
        "Where is my package now?",
        "Where's my pakcage now?",
    ),
    "a verb that loses its e": (
        "How does icing a cake work?",
        "How does one ice a cake?",
    ),
    "more of a quality and less of its opposite": (
        "Are they more patient?",
        "Are they less impatient?",
    ),
    "if not": ("Is the shop open, and if not, why?", "Is the shop open, and why?"),
    "neither and none": ("Why did neither of them come?", "Why did none of them come?"),
    "what something is used to do": (
        "Is this used to cut wood?",
        "Is this for cutting wood?",
    ),
    "a wish and an order": (
        "Could you write a poem about Rome?",
        "Please write a poem about Rome",
    ),
    "how many of a list there are": (
        "What are the 10 best books on Rome?",
        "What are the best books on Rome?",
    ),
    "a common word with a capital": (
        "How do I get help from the Doctor quickly?",
        "How do I quickly get help?",
    ),
    "a letter that was left out": (
        "How do I change my pasword?",
        "How do I change my password?",
    ),
    "many words for one wish": (
        "Where can I quickly find some really cheap and good hotels near Zermatt?",
        "Where can I get inexpensive and decent places to sleep?",
    ),
    "a question that opens negated": (
        "Isn't Paris the capital of France?",
        "Is Paris the capital of France?",
    ),
    "a tag question": ("Rust is fast, isn't it?", "Is Rust fast?"),
    "or not": ("Should I go or not?", "Should I go?"),
    "an answer to can and to how": ("Can I eat rice raw?", "How can I eat rice raw?"),
    "an answer to whether and to what": (
        "Is there a cure for colds?",
        "What cures colds?",
    ),
    "a summary that is asked for anyway": (
        "What is the plot of Hamlet?",
        "Give me a summary of the plot of Hamlet",
    ),
    "two verbs for one task": (
        "Give me a summary of this letter",
        "Summarize this letter",
    ),
    "may as a modal": ("May I leave the room?", "Can I leave the room?"),
    "today in the news": ("What is the news today?", "What is the news?"),
    "half past midnight": ("Wake me at 12:30 am", "Wake me at 0:30"),
    "noon": ("Wake me at 12 pm", "Wake me at 12:00"),
    "the afternoon with dots": ("Wake me at 5 p.m.", "Wake me at 17:00"),
    "a Roman number": ("When was World War II?", "When was World War 2?"),
    "a pair": ("How much is a pair of shoes?", "How much are two shoes?"),
    "millions": ("What is 1.5 million in words?", "What is 1500000 in words?"),
    "millions behind a hyphen": ("What is 2-million in words?", "What is 2000000 in words?"),
    "M for million": ("How do I get 5 M users?", "How do I get 5000000 users?"),
    "B for billion": ("How do I get 5 B users?", "How do I get 5000000000 users?"),
    "an ordinal": ("Who was the 3rd president?", "Who was the third president?"),
    "an ordinal with a space": ("Who was the 3 rd president?", "Who was the third president?"),
    "hundreds in words": (
        "What can I buy for two hundred and five dollars?",
        "What can I buy for 205 dollars?",
    ),
    "thousands in words": (
        "What can I buy for three thousand two hundred dollars?",
        "What can I buy for 3,200 dollars?",
    ),
    "tens behind a hyphen": ("Name twenty-five planets", "Name 25 planets"),
    "two numbers joined by and": ("Name five and six planets", "Name 5 and 6 planets"),
    "a number that is the whole text": ("Two hundred", "200"),
    "a number with nothing after its and": ("Twenty and", "20"),
    "a fraction without its zero": (
        "What is .5 percent of a mile?",
        "What is 0.5 percent of a mile?",
    ),
    "a unit behind a hyphen": ("What is a 5-mile run?", "What is a 5 mile run?"),
    "a currency before its amount": ("Rs. 500 is what?", "500 rupees is what?"),
    "one as an article": (
        "Is there 1 dog in the park?",
        "Is there a dog in the park?",
    ),
    "a statement that counts": ("Three dogs run in the grass.", "Dogs run in the grass."),
    "a statement that says where": ("A man runs in Paris.", "A man runs."),
    "a passage that is quoted in one": (
        'Translate "good morning" and "at once" to French',
        'Translate good morning and "at once" to French',
    ),
    "a possessive": ("What is the dog's food?", "What is the food of the dog?"),
    "a contraction of two": ("She'd've gone", "She would have gone"),
    "a contraction of will": ("they'll come", "they will come"),
    "a contraction of not": ("I shan't go", "I shall not go"),
    "a sentence end without a space": ("I like it.Next I go", "I like it. Next I go"),
    "who you think it was": ("Who do you think won?", "Who won?"),
    "two opposites in another order": (
        "Is tea good and bad for you?",
        "Is tea bad and good for you?",
    ),
    "adjectives in another order": (
        "Do red hot iron pots melt?",
        "Do hot red iron pots melt?",
    ),
}

TWO_MEANINGS = {
    "a comparison of which one side recurs": (
        "Is a cat better than a dog for a cat lover?",
        "Is a dog better than a cat for a cat lover?",
        "direction",
    ),
    "a bare comparison": (
        "Is it cheaper to rent than buy when rent is low?",
        "Is it cheaper to buy than rent when rent is low?",
        "direction",
    ),
    "what comes before what": (
        "Should I brush before breakfast?",
        "Should I have breakfast before I brush?",
        "direction",
    ),
    "the day on which it happened": (
        "Two inmates escaped from an old state prison in a busy street Wednesday by cutting wire.",
        "Two inmates escaped from an old state prison in a busy street by cutting wire.",
        "dates",
    ),
    "a fraction and a number": (
        "How much is 1/2 cup in millilitres?",
        "How much is 2 cups in millilitres?",
        "numbers",
    ),
    "two salts": ("How is chlorate measured?", "How is chlorite measured?", "look_alikes"),
    "two hydrocarbons": ("Is hexane dangerous?", "Is hexene dangerous?", "look_alikes"),
    "hope and its lack": ("Is he hopeful today?", "Is he hopeless today?", "negation"),
    "a verb that negates the next": (
        "Why does my car fail to start?",
        "Why does my car start?",
        "negation",
    ),
    "another part that is negated": (
        "Why do dogs not like cats that hunt mice near barns when farmers feed hens?",
        "Why do dogs like cats that hunt mice near barns when farmers do not feed hens?",
        "negation",
    ),
    "one of two opposites": (
        "What are the pros and cons of tea?",
        "What are the pros of tea?",
        "opposites",
    ),
    "another Roman number": ("Who won Super Bowl XI?", "Who won Super Bowl XII?", "numbers"),
    "a sum turned round": ("What is 8 - 3?", "What is 3 - 8?", "numbers"),
    "how many are asked for": ("Name the 10 best books", "Name the best books", "numbers"),
    "a one-letter unit": ("What is 100 m in feet?", "What is 100 l in feet?", "units"),
    "another currency": ("What is USD 500 worth?", "What is EUR 500 worth?", "units"),
    "another day": ("What happened on 2024-05-03?", "What happened on 2024-05-04?", "dates"),
    "a month that may be a modal": (
        "Is it hot in May in Rome?",
        "Is it hot in March in Rome?",
        "dates",
    ),
    "whether and why": (
        "Is there a lake near Rome?",
        "Why is a lake near Rome?",
        "question",
    ),
    "how much and why": ("How good is Rust?", "Why is Rust good?", "question"),
    "all and most": ("Why do all birds fly?", "Why do most birds fly?", "quantifiers"),
    "all and a few": ("Do all birds fly?", "Do a few birds fly?", "quantifiers"),
    "all beside two that differ": (
        "Is it all there?",
        "Is it most and some there?",
        "quantifiers",
    ),
    "becoming and being": ("Is he becoming a lawyer?", "Is he a lawyer?", "tense"),
    "what used to be": ("Did she use to smoke?", "Did she smoke?", "tense"),
    "his and her": ("Is his car red?", "Is her car red?", "persons"),
    "bitten and biting": (
        "The dog was bitten by the man",
        "The dog bit the man",
        "direction",
    ),
    "chased and chasing": ("The boy is being chased", "The boy is chasing", "direction"),
    "whose adjective it is": (
        "Old red barns burn in big cities",
        "Old barns in red big cities burn",
        "direction",
    ),
    "another passage beside a shared one": (
        'Translate "good morning" to French',
        'Translate "good morning" and "good night" to French',
        "quotation",
    ),
    "a longer quoted passage": (
        'Translate "one of us is at home"',
        'Translate "one of us, is at home now"',
        "quotation",
    ),
    "a dotted name": ("Is os.path safe?", "Is os.walk safe?", "entities"),
    "a name of digits and letters": ("What is a 3D printer?", "What is a 2D printer?", "entities"),
    "capitals in an identifier": (
        "What is the key abc12345?",
        "What is the key ABC12345?",
        "case",
    ),
    "millivolts and megavolts": ("Is 3mV safe?", "Is 3MV safe?", "case"),
    "a formula of two elements": ("Is the gas CO toxic?", "Is the gas Co toxic?", "case"),
    "a name that a question adds": (
        "Tell me about a man named Ann",
        "Tell me about a man",
        "entities",
    ),
    "a sentence of its own words": (
        "How do I bake bread? I sell blue turtles",
        "How do I bake bread?",
        "addition",
    ),
    "many small words": (
        "How do I bake bread?",
        "How do I bake bread? " + "And so it is, as it was, and as it will be for us. " * 5,
        "addition",
    ),
    "nothing in common": (
        "Alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike",
        "Osprey oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu",
        "substitution",
    ),
}

THINGS = [f"{first}{last}" for first in "bdfglmnprs" for last in ("ag", "eck", "ill", "ond", "urt")]


@pytest.mark.parametrize("name", ONE_MEANING)
def test_one_meaning_in_two_wordings_is_accepted(name: str) -> None:
    one, other = ONE_MEANING[name]

    verdict = Guard().compare(one, other)

    assert verdict.accepted, verdict


@pytest.mark.parametrize("name", TWO_MEANINGS)
def test_two_meanings_are_vetoed_by_the_rule_that_sees_the_difference(name: str) -> None:
    one, other, rule = TWO_MEANINGS[name]

    assert Guard().compare(one, other).rule == rule


def test_the_order_of_very_many_words_is_not_compared() -> None:
    forwards, backwards = " ".join(THINGS), " ".join(reversed(THINGS))

    assert Guard().compare(f"Sort {forwards}", f"Sort {backwards}").accepted
