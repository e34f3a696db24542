"""The pipeline as people write it with OpenCV: VideoCapture, the centre square, cv2.dnn on fp32.

usage: opencv-pipeline.py MODEL.onnx VIDEO FRAMES
Prints one JSON document: CPU milliseconds per frame (user + system of this process) and frames per second.
"""
import json
import resource
import sys
import time

import cv2

WARM_UP = 10


def cpu_sec():
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def main(model, video, frames):
    net = cv2.dnn.readNetFromONNX(model)
    capture = cv2.VideoCapture(video)
    for number in range(-WARM_UP, frames):
        if number == 0:
            began, cpu_began = time.monotonic(), cpu_sec()
        ok, frame = capture.read()
        if not ok:
            frames = max(number, 1)
            break
        height, width = frame.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = frame[top : top + side, left : left + side]
        square = cv2.resize(square, (224, 224), interpolation=cv2.INTER_LINEAR)
        net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, (224, 224), (127.5, 127.5, 127.5), swapRB=True))
        net.forward().argmax()
    cpu, took = cpu_sec() - cpu_began, time.monotonic() - began
    print(json.dumps({"cpuMs": cpu * 1000 / frames, "fps": frames / took, "frames": frames, "cv2": cv2.__version__}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
