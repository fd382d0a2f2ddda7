package io.rallocator.collections;

import io.rallocator.allocator.AllocatorStatistics;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionId;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;

/**
 * A worker's door to one pool of non-volatile memory, or to several that make one heap: opens collections by name.
 *
 * <pre>{@code
 * try (RemoteHeap heap = RemoteHeap.open("embedded:/dev/shm/pool?size=1g")) {
 *     RemoteMap<String, Long> stock = heap.map("stock", Codecs.string(), Codecs.longs());
 *     RemoteQueue<String> orders = heap.queue("orders", Codecs.string());
 * }
 * }</pre>
 *
 * <p>Addresses:
 * <ul>
 * <li>{@code embedded:PATH} serves the pool from this process, and creates it if there is none. Other processes of the host may
 *     attach to it meanwhile.
 *     <ul>
 *     <li>{@code size}: bytes of a new pool, 1 GiB unless given; {@code k}, {@code m}, {@code g} and {@code t} count in 1,024s
 *     <li>{@code sessions}: most workers at once of a new pool, 64 unless given
 *     <li>{@code lanes}: most operations at once of each worker in a new pool, 16 unless given
 *     <li>{@code durability}: {@code process} or {@code power}, what acknowledged operations on a new pool survive: the death
 *         of any process, or the loss of power too, which needs a disk and costs two syncs of it for each commit;
 *         {@code process} unless given
 *     </ul>
 * <li>{@code local:PATH} attaches to a pool that another process of this host serves, or another heap of this one.
 * <li>{@code tcp://HOST:PORT} reaches a blade of any host that listens there, with {@code rallocator-tcp} on the class path. The
 *     session lasts as long as the connection; when it is lost, operations throw
 *     {@link io.rallocator.persistence.SessionFencedException}, or, if it is not known whether they took effect,
 *     {@link io.rallocator.persistence.OutcomeUnknownException}.
 *     <ul>
 *     <li>{@code token-file}: file with the secret that the blade asks for
 *     <li>{@code tls-certificate}, {@code tls-key}, {@code tls-trust}: PEM files of this worker, and of whom it trusts
 *     <li>{@code role}: {@code read-write} unless {@code read-only} is given
 *     <li>{@code timeout-ms}: how long to wait for an answer of the blade before the connection is given up; 30,000 unless given
 *     </ul>
 * <li>{@code rdma://HOST:PORT} the same through RDMA devices, with {@code rallocator-rdma} on the class path and libdisni in
 *     {@code java.library.path}
 *     <ul>
 *     <li>{@code timeout-ms}: as above
 *     </ul>
 * </ul>
 * and for all
 * <ul>
 * <li>{@code join}: {@code true} to let blades of a list join its heap, for good; see below
 * <li>{@code name}: of this worker, for people; {@code worker-PID} unless given
 * <li>{@code cache}: bytes of DRAM, 64 KiB … 1 GiB, in which to remember buckets and values of maps, which spares round trips;
 *     0, none, unless given
 * <li>{@code compact}: {@code false} to leave blocks where they are. Unless given, a worker whose slabs have much more room than is in use, as after most entries of a
 *     map were removed, moves what maps have in sparse slabs together, in a thread of its own that works a tenth of the time, and gives slabs back to the blade
 * <li>{@code model-rtt}, {@code model-bandwidth}, {@code model-nvm}, {@code model-persist}, {@code model-time}: let every round trip
 *     take as long as it would on a network that is not here, as in {@code model-rtt=2us&model-bandwidth=100gbit}; see
 *     {@link io.rallocator.allocator.TimeModel}. For benchmarks: what is measured so is modelled
 * </ul>
 *
 * <p><b>Several blades</b> make one heap when the address names them with commas in between, as {@code tcp://HOST:PORT,HOST:PORT}, in any
 * order: 256 at most. Blades that belong to none and have no structures become one for good when they are first opened so; from then on
 * all must be named, and may be joined by others with {@code join=true}. Maps and arrays are cut into at most 64 parts, which are spread over the
 * blades; a queue is on one. An operation on one key or element costs what it costs on one blade, and is as safe; {@code putAll}, {@code clear}, {@code size} and the like go
 * part by part. A blade that is away makes only its own parts unavailable: operations on them throw {@link io.rallocator.persistence.PoolUnavailableException}
 * with its name, or {@link io.rallocator.persistence.SessionFencedException} where they lose it, and it is tried again, once a second, when it is needed. (A queue is to be opened again after that.) But blade 0,
 * the first, has the names: while it is away, no structure can be opened, and none of its parts used for the first time. Names that begin with {@code #} are not for applications.
 *
 * <p><b>Opening a structure</b> by its name, with {@link #map}, {@link #queue} and the others, costs 5 round trips at first, and 3 each time
 * after that, because somebody may have renamed or dropped it meanwhile; creating it costs some 8, and those for slabs. So open it once and
 * keep the object: all threads can share it. It takes no memory of the pool and need not be closed.
 *
 * <p>Threads: any number may use a heap and its collections. {@link #close()} waits for operations that run; whatever needs
 * the pool afterwards throws {@link io.rallocator.persistence.HeapClosedException}, in threads that wait for a queue too. Lengths of
 * arrays, and elements that an iterator has read already, are still shown.
 *
 * <p>A process that dies without closing loses nothing: the blade notices, and recovers what the process had open.
 */
public abstract sealed class RemoteHeap implements AutoCloseable permits PoolHeap, StripedHeap {
    RemoteHeap() {}

    /**
     * Opens a heap.
     *
     * @param uri the address, as described above
     * @return the heap; close it
     * @throws IllegalArgumentException if the address is wrong, or an existing pool is not as it says
     * @throws io.rallocator.persistence.PoolUnavailableException if the file is missing, is no pool, or cannot be used, or
     *     no blade serves it
     * @throws io.rallocator.persistence.PoolInUseException if another process serves it (embedded), or all sessions are in
     *     use
     * @throws io.rallocator.persistence.CorruptedPoolException if its metadata is damaged
     * @throws io.rallocator.persistence.PoolVersionException if another version of this library wrote it
     */
    public static RemoteHeap open(final String uri) {
        final HeapUri address = HeapUri.parse(Objects.requireNonNull(uri, "the address is null"));
        return address.blades().size() == 1 ? PoolHeap.open(address) : StripedHeap.open(address);
    }

    /**
     * A heap over a session that was opened elsewhere, such as one of the simulator.
     *
     * @param session of a worker; this heap takes it over, and closes it
     * @return the heap, without a cache
     */
    public static RemoteHeap over(final WorkerSession session) {
        Objects.requireNonNull(session, "the session is null");
        return new PoolHeap("session " + session.index(), session, null, null);
    }

    /**
     * Opens a map, creating it if there is none of this name.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param keyCodec encodes keys
     * @param valueCodec encodes values
     * @param <K> type of keys
     * @param <V> type of values
     * @return the map, valid until this heap is closed
     * @throws IllegalArgumentException if the name is too long, or belongs to a structure of another type or with other
     *     codecs
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for a new map
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract <K, V> RemoteMap<K, V> map(String name, Codec<K> keyCodec, Codec<V> valueCodec);

    /**
     * Opens a queue without a bound, creating it if there is none of this name.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param codec encodes elements
     * @param <E> type of elements
     * @return the queue, valid until this heap is closed
     * @throws IllegalArgumentException if the name is too long, or belongs to a structure of another type or with another
     *     codec, or to a queue with a bound
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for a new queue
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract <E> RemoteQueue<E> queue(String name, Codec<E> codec);

    /**
     * Opens a queue with a bound, creating it if there is none of this name. The capacity is stored in the pool.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param codec encodes elements
     * @param capacity most elements at a time, from 1
     * @param <E> type of elements
     * @return the queue, valid until this heap is closed
     * @throws IllegalArgumentException if the name is too long, or belongs to a structure of another type or with another
     *     codec, or to a queue with another capacity; or if the capacity is less than 1
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for a new queue
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract <E> RemoteQueue<E> boundedQueue(String name, Codec<E> codec, int capacity);

    /**
     * Opens an array of longs, creating it if there is none of this name.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param length elements
     * @return the array, valid until this heap is closed
     * @throws IllegalArgumentException if the name is too long, or belongs to a structure of another type or length, or if
     *     the length is negative or more than this pool could ever hold
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for a new array
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract RemoteLongArray longArray(String name, long length);

    /**
     * Opens an array of longs that exists, whatever its length.
     *
     * @param name of the array
     * @return the array, valid until this heap is closed
     * @throws IllegalArgumentException if there is none, or the name belongs to a structure of another type
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract RemoteLongArray longArray(String name);

    /**
     * Opens an array of bytes, creating it if there is none of this name.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param length bytes
     * @return the array, valid until this heap is closed
     * @throws IllegalArgumentException if the name is too long, or belongs to a structure of another type or length, or if
     *     the length is negative or more than this pool could ever hold
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for a new array
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract RemoteByteArray byteArray(String name, long length);

    /**
     * Opens an array of bytes that exists, whatever its length.
     *
     * @param name of the array
     * @return the array, valid until this heap is closed
     * @throws IllegalArgumentException if there is none, or the name belongs to a structure of another type
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract RemoteByteArray byteArray(String name);

    /**
     * Opens an array of objects, creating it if there is none of this name.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param codec encodes elements
     * @param length elements
     * @param <E> type of elements
     * @return the array, valid until this heap is closed
     * @throws IllegalArgumentException if the name is too long, or belongs to a structure of another type or length or with
     *     another codec, or if the length is negative or more than this pool could ever hold
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for a new array
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract <E> RemoteArray<E> array(String name, Codec<E> codec, long length);

    /**
     * Opens an array of objects that exists, whatever its length.
     *
     * @param name of the array
     * @param codec encodes elements
     * @param <E> type of elements
     * @return the array, valid until this heap is closed
     * @throws IllegalArgumentException if there is none, or the name belongs to a structure of another type or with another
     *     codec
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract <E> RemoteArray<E> array(String name, Codec<E> codec);

    /**
     * The names of all structures in the pool at one moment, whoever created them. Costs two round trips, and one for
     * each of the 16 pages that hold names.
     *
     * @return sorted; a copy
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract List<String> names();

    /**
     * What the pool holds at one moment, whoever created it. Costs what {@link #names()} costs, and a round trip for each 32
     * structures.
     *
     * @return sorted by name; a copy
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract List<StructureInfo> structures();

    /**
     * Counts what a structure holds by following all its links: some two round trips for each block. Others may change it
     * meanwhile; what is there all the time is counted once. The call holds a lane and the session's epoch: memory that
     * anybody gives back meanwhile is used again afterwards, so do not do this all the time with large structures.
     *
     * @param name of the structure
     * @return elements, blocks and bytes
     * @throws java.util.NoSuchElementException if there is none
     * @throws io.rallocator.persistence.CorruptedPoolException if its name or root block is damaged
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract StructureStatistics statistics(String name);

    /**
     * Gives a structure another name. Its objects, in this worker and in others, go on to work. Others see it under the old
     * name or under the new one, never under both or none. Costs four round trips.
     *
     * <p>Crash guarantee: the structure has the new name, durably, when this returns; a call under way when its process dies
     * has renamed it or not.
     *
     * @param name of the structure
     * @param newName 1 … 200 bytes in UTF-8; nothing happens if it is the name already
     * @throws IllegalArgumentException if the new name is too long
     * @throws java.util.NoSuchElementException if there is no structure of this name
     * @throws IllegalStateException if there is another structure of the new name
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for the blocks of names that it changes
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract void rename(String name, String newName);

    /**
     * Drops a structure with all that is in it. The name can be used for another structure at once. The memory comes back
     * to the blade when it has taken the structure apart, in some milliseconds for a small one, slab by slab, as the workers
     * that own the slabs look for it.
     *
     * <p>This heap's objects of the structure throw {@link io.rallocator.persistence.StructureDroppedException} from here
     * on; those of other workers do so within some milliseconds, and what they changed until then is gone with the
     * structure.
     *
     * <p>Crash guarantee: the structure is dropped, durably, when this returns; a call under way when its process dies has
     * dropped it or not.
     *
     * @param name of the structure
     * @return false if there was none
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for the blocks of names that it changes;
     *     give some back first: to drain a queue, or to set elements of an array to null, needs none
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract boolean drop(String name);

    /**
     * The blades of this heap, as they are now. A heap over one blade has blade 0 alone.
     *
     * @return by number
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     * @throws io.rallocator.persistence.PoolUnavailableException if blade 0, which has the list, is away
     */
    public abstract List<BladeInfo> blades();

    /**
     * Moves everything from one blade to others, while this heap and those of other workers go on, and retires the blade: nothing will be placed there
     * again, it can be switched off, and addresses need not name it. Operations wait while the part that they are about, a 64th of a map or an array, or a queue, is
     * copied: with 10⁶ entries of 100 bytes some tens of milliseconds. An iterator over a queue that is moved throws
     * {@link io.rallocator.persistence.StructureDroppedException}.
     *
     * <p>Whatever fails leaves what was moved moved and the rest where it is, in use, while nothing new is placed on the blade; call this again. A queue with
     * elements on lease, or that were released and not received since, is not moved.
     *
     * <p>Crash guarantee: a process that dies in here loses nothing; whoever next asks for the part that was being moved finishes that.
     *
     * @param blade its number, see {@link #blades()}
     * @param progress is told, in this thread, how many parts were moved so far
     * @return how many parts were moved; 0 if the blade was retired already
     * @throws IllegalArgumentException if there is no such blade, or it is blade 0, which has the names
     * @throws io.rallocator.persistence.RallocatorException if something stays on the blade: it says what and why; others are suppressed in it
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract int drain(int blade, IntConsumer progress);

    /**
     * What became of an operation that was interrupted, by whichever worker (I10). An operation that threw
     * {@link io.rallocator.persistence.OutcomeUnknownException} is named by it. Close the heap that threw, open another, and ask:
     * the answer is right at once, whether or not the blade has recovered the old session yet. Costs some round trips. Only an operation
     * that went over {@code tcp} is waited for until the blade has noticed that its connection is lost: milliseconds, or, if
     * the network took the connection down without a word, the blade's lease.
     *
     * <p>The answer is kept until the interrupted worker's line of the session table has been taken again, and two more
     * operations have been committed in the same lane of it; then it is {@code UNKNOWN}. Lines are taken in turn, the least used one
     * first, so of 64 sessions some dozens are opened before that. An intent that was damaged reads as one that was never
     * written.
     *
     * <p>The verbs of long and byte arrays have no outcome: they write no intent. Put a version beside the data, or read
     * what is there.
     *
     * @param id of the operation
     * @return whether it took effect
     * @throws IllegalArgumentException if it is of another pool, or its pool has no such session or lane
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     * @throws io.rallocator.persistence.SessionFencedException if this heap is the one that failed
     * @throws io.rallocator.persistence.PoolUnavailableException if the blade still hears of the heap that failed after a minute
     */
    public abstract Outcome outcome(OperationId id);

    /**
     * Who this worker is to the pool: another one each time that a heap is opened. What is written down with it, such as who holds a
     * lock, can be taken over by others once {@link #hasEnded} says so.
     *
     * @return never null
     * @throws UnsupportedOperationException if this heap is over several blades: it has a session with each, and each may end by itself
     */
    public abstract SessionId session();

    /**
     * Tells whether a worker's session is over. Costs one round trip. Once it is, nothing that was done through its heap happens any
     * more, whether its process died, was stopped for too long, or lost its connection (I7); and who was only stopped finds its heap
     * unusable. So whoever makes sure that all it does goes through one heap can build locks on this that no dead process holds:
     * a word of a {@link RemoteLongArray} that is 0 or a session.
     *
     * @param other a session of this pool
     * @return false while it lives, and for some milliseconds after, until the blade has recovered it
     * @throws IllegalArgumentException if this pool has no such session
     * @throws UnsupportedOperationException if this heap is over several blades
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close()}
     */
    public abstract boolean hasEnded(SessionId other);

    /**
     * Tells whether operations have a chance. Costs no round trip, and so may be late to notice. Of several blades the first one counts, which has the names.
     *
     * @return false after {@link #close()}, and once this worker was declared dead or lost its way to the blade: close this heap then,
     *     and open another
     */
    public abstract boolean isOpen();

    /**
     * What the operations of this heap have cost so far, over all its threads.
     *
     * @param operation such as {@code map.get}, {@code map.put}, {@code map.remove}, {@code map.compute},
     *     {@code map.scan}, {@code map.split}, {@code queue.offer}, {@code queue.poll}, {@code longs.get},
     *     {@code longs.set}, {@code longs.add}, {@code longs.swap}, {@code bytes.read}, {@code bytes.write},
     *     {@code array.get}, {@code array.set}, {@code array.swap}, {@code array.scan}, {@code array.extent}
     * @param figure which figure
     * @return the count, 0 for an operation that never ran; may be a moment old while operations run
     */
    public abstract long count(String operation, FabricCounters.Figure figure);

    /**
     * What this heap's block allocator did so far and holds: blocks allocated, round trips for slabs, bytes live and held. Costs no
     * round trip; may be a moment old while operations run.
     *
     * @return figures over all threads of this heap
     */
    public abstract AllocatorStatistics allocatorStatistics();

    /**
     * The sizes of the pool; of blade 0's, if there are several.
     *
     * @return never null
     */
    public abstract PoolGeometry geometry();

    /**
     * Ends this worker's session, after the operations that run; an embedded heap stops serving the pool too, so close the
     * heaps that are attached to it first. Idempotent.
     */
    @Override
    public abstract void close();
}
