package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import java.util.Objects;
import java.util.UUID;

/** Another fabric whose chains take the time that a {@link TimeModel} says. What is measured over it is modelled, and must be called so. */
public final class ModelledFabric implements Fabric {
    private final Fabric fabric;
    private final TimeModel model;

    /**
     * Wraps a fabric.
     *
     * @param fabric executes the chains; closed by this one
     * @param model says how long they take
     */
    public ModelledFabric(final Fabric fabric, final TimeModel model) {
        this.fabric = Objects.requireNonNull(fabric, "the fabric is null");
        this.model = Objects.requireNonNull(model, "the model is null");
    }

    @Override
    public String name() {
        return fabric.name() + " (modelled network)";
    }

    @Override
    public PoolGeometry geometry() {
        return fabric.geometry();
    }

    @Override
    public UUID poolId() {
        return fabric.poolId();
    }

    @Override
    public Durability durability() {
        return fabric.durability();
    }

    @Override
    public boolean isSynchronous() {
        return fabric.isSynchronous();
    }

    @Override
    public QueuePair connect() {
        return new ModelledQueuePair(fabric.connect(), model);
    }

    @Override
    public SessionLock tryLock(final int session) {
        return fabric.tryLock(session);
    }

    @Override
    public void close() {
        fabric.close();
    }
}
