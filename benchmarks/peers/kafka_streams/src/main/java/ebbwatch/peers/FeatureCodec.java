package ebbwatch.peers;

import java.io.IOException;
import java.util.Map;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;

/** Features as the MessagePack array of features.py, in the store and in Redis alike. */
final class FeatureCodec {
    private static final int FIELDS = 20;

    private FeatureCodec() { }

    static byte[] encode(UserFeatures state) throws IOException {
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
        packer.packArrayHeader(FIELDS);
        packer.packLong(state.events).packLong(state.sessions).packLong(state.activeDays);
        packer.packLong(state.pages).packLong(state.purchases).packLong(state.spent);
        packer.packLong(state.refunds).packLong(state.refunded);
        packer.packLong(state.lastEvent).packLong(state.lastActivity);
        packer.packLong(state.gaps).packLong(state.gapSum).packLong(state.gapSquares);
        packer.packLong(state.positive).packLong(state.negative).packLong(state.lastDay);
        packText(packer, state.plan);
        packText(packer, state.platform);
        packer.packArrayHeader(state.ring.length);
        for (long day : state.ring) {
            packer.packLong(day);
        }
        packer.packMapHeader(state.features.size());
        for (Map.Entry<String, Long> feature : state.features.entrySet()) {
            packer.packString(feature.getKey()).packLong(feature.getValue());
        }
        return packer.toByteArray();
    }

    static UserFeatures decode(byte[] stored) throws IOException {
        UserFeatures state = new UserFeatures();
        if (stored == null) {
            return state;
        }
        MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(stored);
        unpacker.unpackArrayHeader();
        state.events = unpacker.unpackLong();
        state.sessions = unpacker.unpackLong();
        state.activeDays = unpacker.unpackLong();
        state.pages = unpacker.unpackLong();
        state.purchases = unpacker.unpackLong();
        state.spent = unpacker.unpackLong();
        state.refunds = unpacker.unpackLong();
        state.refunded = unpacker.unpackLong();
        state.lastEvent = unpacker.unpackLong();
        state.lastActivity = unpacker.unpackLong();
        state.gaps = unpacker.unpackLong();
        state.gapSum = unpacker.unpackLong();
        state.gapSquares = unpacker.unpackLong();
        state.positive = unpacker.unpackLong();
        state.negative = unpacker.unpackLong();
        state.lastDay = unpacker.unpackLong();
        state.plan = unpackText(unpacker);
        state.platform = unpackText(unpacker);
        unpacker.unpackArrayHeader();
        for (int day = 0; day < UserFeatures.RING_DAYS; day++) {
            state.ring[day] = unpacker.unpackLong();
        }
        for (int left = unpacker.unpackMapHeader(); left > 0; left--) {
            state.features.put(unpacker.unpackString(), unpacker.unpackLong());
        }
        return state;
    }

    private static void packText(MessagePacker packer, String text) throws IOException {
        if (text == null) {
            packer.packNil();
        } else {
            packer.packString(text);
        }
    }

    private static String unpackText(MessageUnpacker unpacker) throws IOException {
        return unpacker.tryUnpackNil() ? null : unpacker.unpackString();
    }
}
