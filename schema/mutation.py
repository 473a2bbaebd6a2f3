"""The mutation root: what can be changed. Each takes one input object and gives one payload object."""

import strawberry

from resolvers import curation, explorations, images
from schema import image_inputs, inputs
from schema.exploration import Exploration
from schema.graph import Concept, Relation
from schema.image import Image
from schema.words import Info, Input, mutation, object_type


@object_type
class StartExplorationPayload:
    """What came of it."""

    exploration: Exploration = strawberry.field(description="The exploration, which has just been asked for.")


@object_type
class PauseExplorationPayload:
    """What came of it."""

    exploration: Exploration = strawberry.field(description="The exploration, as it is now.")


@object_type
class ResumeExplorationPayload:
    """What came of it."""

    exploration: Exploration = strawberry.field(description="The exploration, as it is now.")


@object_type
class CancelExplorationPayload:
    """What came of it."""

    exploration: Exploration = strawberry.field(description="The exploration, as it is now.")


@object_type
class ExtendExplorationPayload:
    """What came of it."""

    exploration: Exploration = strawberry.field(description="The exploration, as it is now.")


@object_type
class RetryFailedStepsPayload:
    """What came of it."""

    exploration: Exploration = strawberry.field(description="The exploration, as it is now.")


@object_type
class DeleteExplorationPayload:
    """What came of it."""

    deleted_id: strawberry.ID = strawberry.field(description="The exploration's id.")


@object_type
class GenerateImagesPayload:
    """What came of it."""

    images: list[Image] = strawberry.field(description="The images, concept by concept, which are yet to be made.")


@object_type
class CancelImagePayload:
    """What came of it."""

    image: Image = strawberry.field(description="The image, as it is now.")


@object_type
class DeleteImagePayload:
    """What came of it."""

    deleted_id: strawberry.ID = strawberry.field(description="The image's id.")


@object_type
class ClearImageCachePayload:
    """What came of it."""

    cleared: int = strawberry.field(description="How many pictures were remembered.")


@object_type
class AddKnowledgePayload:
    """What became of the knowledge."""

    concepts: list[Concept] = strawberry.field(description="The concepts, in the order of the input.")
    created: list[Concept] = strawberry.field(description="Those of them that are new in the graph.")
    relations: list[Relation] = strawberry.field(description="The relations.")


@object_type
class UpdateConceptPayload:
    """What came of it."""

    concept: Concept = strawberry.field(description="The concept, as it is now.")


@object_type
class DeleteConceptPayload:
    """What came of it."""

    deleted_id: strawberry.ID = strawberry.field(description="The concept's id.")


@object_type
class UpdateRelationPayload:
    """What came of it."""

    relation: Relation = strawberry.field(description="The relation, as it is now; its id tells its type too.")


@object_type
class DeleteRelationPayload:
    """What came of it."""

    deleted_id: strawberry.ID = strawberry.field(description="The relation's id.")


@object_type
class DeleteSourcePayload:
    """What came of it."""

    deleted_id: strawberry.ID = strawberry.field(description="The source's id.")


@object_type
class MergeConceptsPayload:
    """What came of it."""

    concept: Concept = strawberry.field(description="The concept that stayed, as it is now.")


@object_type
class UnmergeConceptsPayload:
    """What came of it."""

    concept: Concept = strawberry.field(description="The concept that is one of its own again.")


@object_type
class Mutation:
    """What can be changed."""

    @mutation
    async def start_exploration(
        self, info: Info, input: Input[inputs.StartExplorationInput]
    ) -> StartExplorationPayload:
        """Have a topic explored. Returns at once; watch `explorationEvents` to see the graph grow."""
        started = await explorations.start(info.context, input.request(), input.idempotency_key)
        return StartExplorationPayload(exploration=Exploration.of(started))

    @mutation
    async def pause_exploration(
        self, info: Info, input: Input[inputs.PauseExplorationInput]
    ) -> PauseExplorationPayload:
        """Begin no further step; running ones are finished. From QUEUED or RUNNING."""
        paused = await explorations.pause(info.context, input.id)
        return PauseExplorationPayload(exploration=Exploration.of(paused))

    @mutation
    async def resume_exploration(
        self, info: Info, input: Input[inputs.ResumeExplorationInput]
    ) -> ResumeExplorationPayload:
        """Go on. From PAUSED."""
        resumed = await explorations.resume(info.context, input.id)
        return ResumeExplorationPayload(exploration=Exploration.of(resumed))

    @mutation
    async def cancel_exploration(
        self, info: Info, input: Input[inputs.CancelExplorationInput]
    ) -> CancelExplorationPayload:
        """Stop for good; what was found stays. From any status that has not ended."""
        cancelled = await explorations.cancel(info.context, input.id, input.reason)
        return CancelExplorationPayload(exploration=Exploration.of(cancelled))

    @mutation
    async def extend_exploration(
        self, info: Info, input: Input[inputs.ExtendExplorationInput]
    ) -> ExtendExplorationPayload:
        """Go on with a greater budget or depth. From BUDGET_REACHED or COMPLETED."""
        extended = await explorations.extend(info.context, input.id, input.more(), input.depth)
        return ExtendExplorationPayload(exploration=Exploration.of(extended))

    @mutation
    async def retry_failed_steps(
        self, info: Info, input: Input[inputs.RetryFailedStepsInput]
    ) -> RetryFailedStepsPayload:
        """Try the failed steps again. From COMPLETED, BUDGET_REACHED or FAILED."""
        retried = await explorations.retry_failed(info.context, input.id)
        return RetryFailedStepsPayload(exploration=Exploration.of(retried))

    @mutation
    async def delete_exploration(
        self, info: Info, input: Input[inputs.DeleteExplorationInput]
    ) -> DeleteExplorationPayload:
        """Forget an exploration that has ended. The concepts stay."""
        deleted = await explorations.delete(info.context, input.id)
        return DeleteExplorationPayload(deleted_id=strawberry.ID(deleted))

    @mutation
    async def generate_images(
        self, info: Info, input: Input[image_inputs.GenerateImagesInput]
    ) -> GenerateImagesPayload:
        """Have pictures made of concepts. Returns at once; watch `imageUpdates` to see them come."""
        asked = await images.generate(info.context, input.request(), input.idempotency_key)
        return GenerateImagesPayload(images=[Image.of(image) for image in asked])

    @mutation
    async def cancel_image(self, info: Info, input: Input[image_inputs.CancelImageInput]) -> CancelImagePayload:
        """Do not make an image after all. From QUEUED or GENERATING."""
        return CancelImagePayload(image=Image.of(await images.cancel(info.context, input.id)))

    @mutation
    async def delete_image(self, info: Info, input: Input[image_inputs.DeleteImageInput]) -> DeleteImagePayload:
        """Delete an image, whatever its status; its file goes where no other image shows the same."""
        deleted = await images.delete(info.context, input.id)
        return DeleteImagePayload(deleted_id=strawberry.ID(deleted))

    @mutation
    async def clear_image_cache(self, info: Info) -> ClearImageCachePayload:
        """Forget which pictures were made for which requests, and the counts: the images themselves stay."""
        return ClearImageCachePayload(cleared=await images.clear_cache(info.context))

    @mutation
    async def add_knowledge(self, info: Info, input: Input[inputs.AddKnowledgeInput]) -> AddKnowledgePayload:
        """State concepts and relations. What is known already gains evidence; deleted concepts come back."""
        added = await curation.add(info.context, input.knowledge(curation.person(info.context)), input.idempotency_key)
        return AddKnowledgePayload(
            concepts=[Concept.of(concept) for concept in added.concepts],
            created=[Concept.of(concept) for concept in added.created],
            relations=[Relation.of(edge) for edge in added.relations],
        )

    @mutation
    async def update_concept(self, info: Info, input: Input[inputs.UpdateConceptInput]) -> UpdateConceptPayload:
        """Change a concept by hand."""
        updated = await curation.update_concept(
            info.context, input.id, input.patch(), input.expected_version, input.note
        )
        return UpdateConceptPayload(concept=Concept.of(updated))

    @mutation
    async def delete_concept(self, info: Info, input: Input[inputs.DeleteConceptInput]) -> DeleteConceptPayload:
        """Delete a concept with its relations and evidence. Explorations will not find it again."""
        deleted = await curation.delete_concept(info.context, input.id)
        return DeleteConceptPayload(deleted_id=strawberry.ID(deleted))

    @mutation
    async def update_relation(self, info: Info, input: Input[inputs.UpdateRelationInput]) -> UpdateRelationPayload:
        """Give a relation another type; its evidence goes with it."""
        updated = await curation.update_relation(info.context, input.id, input.type, input.expected_version, input.note)
        return UpdateRelationPayload(relation=Relation.of(updated))

    @mutation
    async def delete_relation(self, info: Info, input: Input[inputs.DeleteRelationInput]) -> DeleteRelationPayload:
        """Delete a relation with its evidence."""
        deleted = await curation.delete_relation(info.context, input.id)
        return DeleteRelationPayload(deleted_id=strawberry.ID(deleted))

    @mutation
    async def delete_source(self, info: Info, input: Input[inputs.DeleteSourceInput]) -> DeleteSourcePayload:
        """Delete a source, all evidence from it, and the relations that nothing else attests. Concepts stay."""
        deleted = await curation.delete_source(info.context, input.id)
        return DeleteSourcePayload(deleted_id=strawberry.ID(deleted))

    @mutation
    async def merge_concepts(self, info: Info, input: Input[inputs.MergeConceptsInput]) -> MergeConceptsPayload:
        """Make several concepts one, with all that is known of them."""
        merged = await curation.merge(info.context, input.into, input.others)
        return MergeConceptsPayload(concept=Concept.of(merged))

    @mutation
    async def unmerge_concepts(self, info: Info, input: Input[inputs.UnmergeConceptsInput]) -> UnmergeConceptsPayload:
        """Undo a merge for one concept, with all that it had brought along."""
        restored = await curation.unmerge(info.context, input.id)
        return UnmergeConceptsPayload(concept=Concept.of(restored))
