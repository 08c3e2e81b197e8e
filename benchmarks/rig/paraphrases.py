"""Questions, and the same in other words, that a semantic tier should match."""

STORED, PROMPT = "What is {}?", "Tell me what {} is"
TOPICS = (
    "Rust", "Python", "Kubernetes", "gravity", "photosynthesis", "entropy", "osmosis", "inflation",
    "Bitcoin", "jazz", "sushi", "yoga", "algebra", "topology", "magnetism", "erosion", "democracy",
    "feudalism", "stoicism", "Docker", "Linux", "PostgreSQL", "Redis", "Kafka", "Terraform",
    "electricity", "friction", "evolution", "diabetes", "asthma", "malaria", "chess", "cricket",
    "origami", "haiku", "calculus", "geometry", "astronomy", "geology", "botany",
)  # fmt: skip
