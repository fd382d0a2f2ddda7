package io.rallocator.allocator.rdma;

/** Layout of a completion as the verbs library writes it ({@code struct ibv_wc}): the fields that are read here. */
final class WorkCompletion {
    static final int BYTES = 48;
    static final int ID_OFFSET = 0;
    static final int STATUS_OFFSET = 8;

    static final int SUCCESS = 0;
    static final int FLUSHED = 5;
    static final int REMOTE_INVALID_REQUEST = 9;
    static final int REMOTE_ACCESS_ERROR = 10;
    static final int REMOTE_OPERATION_ERROR = 11;
    static final int RETRIES_EXCEEDED = 12;

    private WorkCompletion() {}

    /** Says what a status means. */
    static String describe(final int status) {
        return switch (status) {
            case SUCCESS -> "success";
            case FLUSHED -> "the connection had failed before (status 5)";
            case REMOTE_INVALID_REQUEST -> "the blade's device refused the request (status 9); can it do atomics?";
            case REMOTE_ACCESS_ERROR -> "the blade's memory is not registered any more (status 10)";
            case REMOTE_OPERATION_ERROR -> "the blade's device failed (status 11)";
            case RETRIES_EXCEEDED -> "the blade's device did not answer (status 12)";
            default -> "the device reported status " + status;
        };
    }
}
