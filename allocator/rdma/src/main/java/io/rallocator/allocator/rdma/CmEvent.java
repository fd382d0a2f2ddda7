package io.rallocator.allocator.rdma;

/** What a connection manager reports, in the order of {@code enum rdma_cm_event_type}. */
enum CmEvent {
    ADDRESS_RESOLVED,
    ADDRESS_ERROR,
    ROUTE_RESOLVED,
    ROUTE_ERROR,
    CONNECT_REQUEST,
    CONNECT_RESPONSE,
    CONNECT_ERROR,
    UNREACHABLE,
    REJECTED,
    ESTABLISHED,
    DISCONNECTED,
    DEVICE_REMOVAL,
    MULTICAST_JOIN,
    MULTICAST_ERROR,
    ADDRESS_CHANGE,
    TIMEWAIT_EXIT;

    private static final CmEvent[] ALL = values();

    static CmEvent of(final int ordinal) {
        return ALL[ordinal];
    }
}
